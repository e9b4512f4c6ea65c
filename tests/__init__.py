"""Tests of Chuan LIMS; the folders mirror the packages."""
