"""The benchmark harness: from a command line to runs, tables, figures and a PDF."""
