"""Every constant of tracking and counting, with its reason. Times are seconds, lengths are person heights.

A height stands for about 1.7 m at any distance from the camera, so one set of constants serves all cameras and frame
rates. None was fitted to a clip but the bands on the floor, chosen on synthetic films; docs/counting.md shows how the
figures move when each is halved or doubled.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrackingConstants:
    """How tracks are made, kept and dropped.

    Attributes:
        low_score: Detections from here up to the bundle's threshold may continue a track, never start one (ByteTrack's
            second stage); people half hidden score this low.
        min_overlap: Least overlap (IoU less the squared normalised distance, as in DIoU) of a track's predicted box and
            a detection for a match; ByteTrack uses an IoU of 0.2 with 30 fps, people move further between frames here.
        most_surprise: A head so many sigmas from where it should be is somebody else's, however much the boxes overlap.
        confirm_hits: Sightings that make a track a person: a false detection rarely comes three times running.
        confirm_s: Time those sightings must span, so that 3 frames of 30 fps video (0.07 s) are not enough.
        tentative_gap_s: An unconfirmed track not seen this long is dropped.
        predict_s: A lost track's predicted box is believed this long: a walker may be 1.4 m off after a second.
        lost_s: A lost track can be taken over by its look this long; longer absences are the gallery's matter.
        resolve_s: A young track waits this long for a good picture before it counts as somebody new.
        contained_share: A detection this far inside a tracked person's box is a part or a double of that person and
            starts no track.
        double_overlap: The same for boxes that go around whole bodies, as an IoU: who stands behind somebody may lie in
            their box altogether, and is somebody else.
        pass_speed_heights_s: Nobody moves faster: 1.8 heights a second is 3 m/s, a run.
        near_heights: A new track this near the place where a lost one should be is that one, if looks don't contradict.
        veer_heights_s: That place grows vaguer by this much with every second of absence: half a height a second is a
            change of speed or heading of 0.85 m/s, from a walk to a stand.
        contradiction: Similarity this far under the threshold says "another person" even for a near one.
        min_visitor_s: A track that lived shorter is no visitor.
    """

    low_score: float = 0.1
    min_overlap: float = 0.1
    most_surprise: float = 4.0
    confirm_hits: int = 3
    confirm_s: float = 0.15
    tentative_gap_s: float = 0.3
    predict_s: float = 1.0
    lost_s: float = 3.0
    resolve_s: float = 0.8
    contained_share: float = 0.7
    double_overlap: float = 0.5
    pass_speed_heights_s: float = 1.8
    near_heights: float = 0.5
    veer_heights_s: float = 0.5
    contradiction: float = 0.2
    min_visitor_s: float = 1.0


@dataclass(frozen=True)
class CountingConstants:
    """How positions become crossings and visits.

    Attributes:
        band_heights: Half width of the band about a line in which no side is decided: foot points of a standing person
            jitter by 0.03 heights (one sigma).
        doubtful_band_heights: The same where the detector is in doubt: of people half hidden by others, head and feet
            are a tenth of a height off, and by turns on either side.
        sure_score: From this score on it isn't.
        band_m: Where the floor tells places, the band's half width in metres: of people who stand, places are a tenth
            of a metre off, and who turns back within a step has not crossed.
        doubtful_band_m: The same where the detector is in doubt.
        settle_s: A side is decided when the anchor stays beyond the band this long: three frames of a 10 fps camera
            (with room for rounding), two of 5 fps, five of 25. One or two frames may be a wrong box.
        zone_enter_s: Inside a zone this long to have entered it.
        zone_exit_s: Outside this long to have left: shorter excursions are jitter or a step aside.
    """

    band_heights: float = 0.035
    doubtful_band_heights: float = 0.2
    sure_score: float = 0.5
    band_m: float = 0.2
    doubtful_band_m: float = 0.6
    settle_s: float = 0.18
    zone_enter_s: float = 0.5
    zone_exit_s: float = 1.0
