"""What commands print: tables for a terminal."""
