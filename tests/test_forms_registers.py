"""Numbers of charities, companies, schools and of the ICO, as their registers write them."""

import pytest
from django.core.exceptions import ValidationError

from forms.field_types import field_types
from forms.field_types.registers import EXAMPLES, as_registered


@pytest.mark.parametrize(
    ("register", "typed", "kept"),
    [
        ("charity", "1234567", "1234567"),
        ("charity", " 123 456 ", "123456"),
        ("charity", "sc012345", "SC012345"),
        ("charity", "NIC 123456", "NIC123456"),
        ("company", "01234567", "01234567"),
        ("company", "1234567", "01234567"),
        ("company", "sc123456", "SC123456"),
        ("company", "OC-301234", "OC301234"),
        ("school", "123 456", "123456"),
        ("ico", "za 123456", "ZA123456"),
        ("ico", "Z576481X", "Z576481X"),
    ],
)
def test_a_number_is_kept_as_its_register_writes_it(register, typed, kept):
    assert as_registered(register, typed) == kept


@pytest.mark.parametrize(
    ("register", "typed"),
    [
        ("charity", "12345"),
        ("charity", "0123456"),
        ("charity", "SC1234"),
        ("charity", "12345678"),
        ("company", "123456789"),
        ("company", "ABC12345"),
        ("company", "S1234567"),
        ("school", "12345"),
        ("school", "012345"),
        ("school", "١٢٣٤٥٦"),
        ("school", "none"),
        ("ico", "123456"),
        ("ico", "ZA1234567"),
    ],
)
def test_what_no_register_writes_is_refused_with_an_example(register, typed):
    with pytest.raises(ValidationError, match="like"):
        as_registered(register, typed)


@pytest.mark.parametrize("register", sorted(EXAMPLES))
def test_a_text_question_checks_the_number_it_is_said_to_be(register):
    question = {
        "key": "number", "type": "text", "label": "Number", "help": "", "required": False,
        "options": None, "settings": {"register": register},
    }  # fmt: skip
    kind = field_types["text"]
    field = kind.field(question)

    assert field.clean(kind.example(question)) == EXAMPLES[register]
    assert field.clean("") == ""
    with pytest.raises(ValidationError):
        field.clean("x")
