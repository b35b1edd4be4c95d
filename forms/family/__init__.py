"""The family folder: everything one e-mail address has with the hub, behind a mailed link.

links says who is signed in, folder what they see, views and asking the pages.
Only the cases and forms of that very address are ever reached; all else is a 404.
"""
