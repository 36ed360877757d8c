"""The camera by its former name."""

from dongsun.twin.camera.store_camera import StoreCamera

PinholeCamera = StoreCamera
