"""The voxel problem: tables, figures and section of the page, beside Zheng et al."""
