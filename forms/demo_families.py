"""Who the invented families of the demo hub are: names, schools, when they came, what differs."""

PARENTS = (
    "Rowan", "Imogen", "Callum", "Priya", "Marta", "Owen", "Yusuf", "Bethan", "Tomasz", "Grace",
    "Leila", "Duncan", "Naomi", "Ivo", "Carys", "Amara", "Felix", "Noor", "Petra", "Silas", "Una",
)  # fmt: skip
SURNAMES = (
    "Ashdown", "Okonjo", "Fairweather", "Rao", "Lindqvist", "Penhale", "Demir", "Quayle", "Wren",
    "Castellan", "Hartley", "Mbeki", "Thorne", "Novak", "Pryce", "Eze", "Marlowe", "Haddad",
    "Bergin", "Stirrup", "Vale", "Osei", "Tyndale",
)  # fmt: skip
YOUNG = (
    "Wren", "Robin", "Lark", "Ines", "Kofi", "Elsie", "Arlo", "Maya", "Dylan", "Zuri", "Hugo",
    "Freya", "Idris", "Nell", "Otis", "Suki", "Tam", "Vera", "Kit", "Anya", "Bram", "Cleo", "Eli",
    "Fern", "Gus", "Hana", "Joss", "Lowri", "Milo",
)  # fmt: skip
SCHOOLS = (
    ("990101", "Larkfield Primary School", "office@larkfield.example.org"),
    ("990102", "Millbrook Academy", "office@millbrook.example.org"),
    ("990103", "St Swithun's Invented School", "office@swithun.example.org"),
    ("990104", "Riverbank Junior School", "office@riverbank.example.org"),
    ("990105", "The Beacon School", "office@beacon.example.org"),
)
#: Minutes after booking opened at which one family after the other pressed.
MINUTES = (1, 2, 2, 3, 4, 6, 7, 9, 12, 17, 26, 41, 58, 83)
CHOICES = {
    "staff": ("bookings", "finance", "remission", "course-lead", "centre-west"),
    "taken": (20, 6, 22, 9),
    # By the turn of the family: what is different about it.
    "more": {
        1: {"has_needs": "yes", "conditions": "Asthma, carries a blue inhaler", "allergies": ""},
        2: {"wants_help": "yes", "help_basis": "free-meals", "help_how": "later"},
        7: {
            "goes_home": "collected",
            "may_collect": "Gran; Aunt Jo",
            "must_not_collect": "Dale Marsh",
        },
        5: {"wants_help": "yes", "help_basis": "pupil-premium", "help_how": "school"},
        11: {"wants_help": "yes", "help_basis": "in-care", "help_how": "later"},
    },
}
