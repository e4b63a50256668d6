"""Monte Carlo of backscattered electrons: single Mott scattering and continuous slowing-down."""
