"""The words the base records are made of: entities, quotes, many scripts, emoji."""

from woosim import php_json, slugs

ADJECTIVES = (
    "Blue", "Small", "Premium", "Oak & Ash", "R&amp;D", "Crème", "Grüner", "Łukasz's",
    "木製", "Умный", "أزرق", "Señor", '"Quoted"', "🚀 Rocket", "<b>Bold</b>", "Ångström",
)  # fmt: skip
NOUNS = (
    "Mug", "Lamp", "Chair", "Kettle", "Чайник", "椅子", "كرسي", "Piñata",
    "Hammer", "Cable", "Schlüssel", "Widget", "Tea &amp; Toast", "Ball", "50% Sticker", "Éclair",
)  # fmt: skip
TITLES = tuple(f"{adjective} {noun}" for adjective in ADJECTIVES for noun in NOUNS)
TITLES_JSON = tuple(php_json.inner(title) for title in TITLES)
TITLE_SLUGS = tuple(slugs.slug(title) for title in TITLES)

COLOURS = ("Black", "Blue", "Grün", "Red", "白い")
COLOUR_SLUGS = ("black", "blue", "grun", "red", "%e7%99%bd%e3%81%84")
SIZES = ("klein", "groß")
SIZE_SLUGS = ("klein", "gro%C3%9F")
CHOICES_JSON = (
    tuple(php_json.inner(colour) for colour in COLOURS),
    tuple(php_json.inner(size) for size in SIZES),
)

FIRST_NAMES = (
    "Ana", "Björn", "Łukasz", "Zoë", "Иван", "राज", "Ελένη", "محمد",
    "D&amp;G", "John", "Mary Ann", "Nguyễn", "太郎", "Chloé", "Óscar", "Ada",
)  # fmt: skip
LAST_NAMES = (
    "Kowalski", "Müller", "O'Neil", "D\u2019Angelo", "山田", "Иванов", "Çelik", "Nguyễn",
    "Smith", "García", "van der Berg", "الأحمد", "Sørensen", "Papadopoulos", "Lee", "Okafor",
)  # fmt: skip
FIRST_JSON = tuple(php_json.inner(name) for name in FIRST_NAMES)
LAST_JSON = tuple(php_json.inner(name) for name in LAST_NAMES)

PLACES = (
    ("New York", "NY", "10001", "US"),
    ("Beverly Hills", "CA", "90210", "US"),
    ("Paris", "", "75001", "FR"),
    ("Köln", "DE-NW", "50667", "DE"),
    ("東京", "JP13", "100-0001", "JP"),
    ("London", "", "SW1A 1AA", "GB"),
    ("القاهرة", "EGC", "11511", "EG"),
    (" Łódź ", "", "90-001", "PL"),
)
PLACES_JSON = tuple(tuple(php_json.inner(part) for part in place) for place in PLACES)
CATEGORIES = (
    ("Hardware", "hardware"),
    ("Garden & Home", "garden-home"),
    ("Küche", "kueche"),
    ("Office", "office"),
)
CATEGORIES_JSON = tuple(
    php_json.dumps([{"id": 30 + n, "name": name.replace("&", "&amp;"), "slug": slug}])
    for n, (name, slug) in enumerate(CATEGORIES)
)
