"""The roster screens in the Wagtail admin.

Each view asks for one right, finds its run through `ImportRun.objects.for_user`, calls one
function of imports and answers. Every page of a run shows personal data: its opening goes into the
access log, and Wagtail's admin forbids caches to keep it.
"""
