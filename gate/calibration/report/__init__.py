"""What a calibration says about itself: intervals, groups, held-out proof, plots, the page."""
