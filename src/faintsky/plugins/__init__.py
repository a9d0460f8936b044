"""Adapters to what lies outside: files, and engines that other people wrote."""
