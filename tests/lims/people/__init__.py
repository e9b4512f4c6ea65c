"""Tests of people, organisations, sign-in."""
