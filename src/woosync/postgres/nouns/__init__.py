"""Back-office records as people and machines list and edit them; the API's routes call it."""
