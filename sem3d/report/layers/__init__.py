"""The layered problem: tables, figures and section of the page, beside Artemov et al."""
