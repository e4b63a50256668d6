"""sem3d: 3-D material volumes from multi-energy SEM backscattered-electron scans."""

__version__ = "0.1.0"
