"""Sources of images by SEP and by photutils (kind ``segmentations``)."""
