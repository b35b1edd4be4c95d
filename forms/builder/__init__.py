"""The no-code editor of forms: Wagtail blocks in, the package's own shape out, and back.

The editor is a view of `FormDefinition.data`. Nothing outside this package knows of blocks, and a
block never reaches a published version: `convert` stands between, and its round trip is tested.
"""
