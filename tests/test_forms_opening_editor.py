"""The times of a form in its editor: read, kept, written in the package's words."""

import pytest

from forms.builder.opening_blocks import OpeningBlock, from_settings, to_settings

SAID = {"opens_at": "2026-07-01T09:00", "closes_at": "2026-11-30T17:00", "grace_minutes": 0}

PAID = {"payment": {"when": "now", "minutes": 20, "due_days": 7}}


@pytest.mark.parametrize(
    "said", [{}, SAID, {"task_list": True}, {"closes_at": "2026-11-30T17:00"}, PAID]
)
def test_what_a_form_says_comes_out_of_the_editor_as_it_went_in(said):
    value = OpeningBlock().to_python(from_settings(said))
    assert to_settings(value, said) == said


def test_what_is_emptied_is_gone_and_other_settings_stay():
    value = OpeningBlock().to_python(from_settings({}))
    assert to_settings(value, SAID | {"received_email": "x"}) == {"received_email": "x"}
