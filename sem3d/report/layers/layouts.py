"""What each table of Artemov et al. shows, and which of our scores answers which column."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sem3d.report.layers.printed import ROWS, Row


@dataclass(frozen=True)
class Layout:
    """What a printed table shows: its number, title, structures and scores by column."""

    number: str
    title: str
    structures: str
    scores: Mapping[str, str]
    extra: Mapping[str, str]
    printed_in: str
    rows: tuple[Row, ...] = ROWS

    @property
    def transposed(self) -> bool:
        """Whether ours is also scored against the transposed truth."""
        return self.structures == "experimental"


_MEANS: Final = {"mIOU": "miou_report", "mRecall": "mrecall_report", "mAccuracy": "macc"}
_METALS: Final = {
    "gold mIOU": "iou_report/Au",
    "gold mRecall": "recall_report/Au",
    "aluminium mIOU": "iou_report/Al",
    "aluminium mRecall": "recall_report/Al",
}
_METALS_EXPERIMENTAL: Final = {
    "gold precision": "iou_report/Au",
    "gold recall": "recall_report/Au",
    "aluminium precision": "iou_report/Al",
    "aluminium recall": "recall_report/Al",
}
_ERRORS: Final = {"MAE Au [nm]": "mae_nm/Au", "MAE Al [nm]": "mae_nm/Al"}
_ALSO: Final = {"mIoU pooled": "miou_pooled", **_ERRORS}
_ALSO_METALS: Final = {
    "IoU Au pooled": "iou_pooled/Au",
    "IoU Al pooled": "iou_pooled/Al",
    **_ERRORS,
}

LAYOUTS: Final = (
    Layout("1.1", "Test structures", "test", _MEANS, _ALSO, "1.1"),
    Layout("1.2", "Test structures by material", "test", _METALS, _ALSO_METALS, "1.2"),
    Layout("2.1", "Experimental structure", "experimental", _MEANS, _ALSO, "2.1"),
    Layout(
        "2.2",
        "Experimental structure by material",
        "experimental",
        _METALS_EXPERIMENTAL,
        _ALSO_METALS,
        "2.2",
    ),
    Layout(
        "2.3",
        "Numerical solution and noise, experimental structure",
        "experimental",
        _MEANS,
        _ALSO,
        "2.1",
        ROWS[:1],
    ),
)
"""The tables in printed order; 2.3 is a picture in print and repeats figures of 2.1."""
