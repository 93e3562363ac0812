"""What pages of the documentation and the README have of the code and of results, as Markdown."""
