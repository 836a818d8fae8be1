"""What things cost, against peers, in one run. Figures are ratios of one machine; nothing here is a test."""
