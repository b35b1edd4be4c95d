"""Running a course from its answers: who comes, the register, letters, what families change.

roll reads who comes; reach says who may see it; marks writes the register, registerviews and
sheet show it; board and calloff are the office's; groups, noshow, letters, songs are the course's;
forgetting erases what was said of people when it is over;
changing, moving, rejoining and clashing are the family's side.
"""
