"""Interpreted code: a syntax tree is walked, nothing is run; frameworks plug in as libraries."""
