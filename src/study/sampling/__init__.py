"""`dongsun study sampling`: what training on a part of the pictures gives and saves."""
