from woosync.domain import customer, order

BILLING = customer.Address(first_name="Ana", last_name="Guest", email=" Ana@Guest.TEST ")
SHIPPING = customer.Address(city="Köln")


def test_a_guest_is_known_by_the_normalised_email_of_the_order() -> None:
    found = customer.guest_of(order.Order(billing=BILLING, shipping=SHIPPING))
    assert found is not None
    assert found.email == "ana@guest.test"
    assert (found.first_name, found.last_name, found.role) == ("Ana", "Guest", "guest")
    assert (found.billing, found.shipping) == (BILLING, SHIPPING)
    assert not found.username


def test_without_an_email_there_is_nobody_to_know() -> None:
    assert customer.guest_of(order.Order(billing=customer.Address(email="  "))) is None
