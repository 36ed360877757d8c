from dongsun.data.image_check import check_image, check_images


def test_truncation_garbage_and_absence_are_faults(tmp_path, write_picture):
    good = write_picture(tmp_path / "good.png", (30, 60))
    cut = write_picture(tmp_path / "cut.jpg", (200, 200), keep_bytes=3000)
    (tmp_path / "text.png").write_text("no picture")
    assert (check_image(good, "decode").width_px, check_image(good, "decode").height_px) == (30, 60)
    assert check_image(good, "decode").fault is None
    assert check_image(cut, "header").fault is None
    assert "truncated" in (check_image(cut, "decode").fault or "")
    assert check_image(tmp_path / "text.png", "header").fault
    assert check_image(tmp_path / "absent.png", "header").fault
    assert check_image(tmp_path / "absent.png", "off").fault is None


def test_order_is_kept_and_little_is_under_way(tmp_path, write_picture):
    paths = [write_picture(tmp_path / f"{index:03d}.png") for index in range(100)]
    drawn = 0

    def stream():
        nonlocal drawn
        for path in paths:
            drawn += 1
            yield path

    checked = check_images(stream(), lambda path: path, "decode", workers=2)
    assert next(checked)[0] == paths[0]
    assert drawn <= 17
    assert [path for path, _ in checked] == paths[1:]
