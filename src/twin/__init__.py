"""The synthetic store: bodies, wardrobe, crowd, cameras and renderer, with exact truth from the simulation itself."""
