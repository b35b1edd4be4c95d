"""Running a course date, as far as only records are needed: reach, figures, what is given back.

What needs a family's answers (the register, letters, changes by the family) is forms.running.
"""
