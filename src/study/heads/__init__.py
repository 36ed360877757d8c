"""`dongsun study heads`: heads and cuts of a decomposed detector beside OSNet and nets given as they are."""
