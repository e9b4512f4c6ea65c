"""Digital certificates written for the tests of the register: a weight, a gauge's curve, and what files get wrong."""

from __future__ import annotations

from tests.lims.dcc.plain import page

WEIGHT = (
    '<dcc:quantity refType="basic_measuredValue"><dcc:name><dcc:content lang="vi">Khối lượng quy ước</dcc:content>'
    '<dcc:content lang="en">Conventional mass</dcc:content></dcc:name><si:real><si:value>10.000012</si:value>'
    r"<si:unit>\kilogram</si:unit><si:measurementUncertaintyUnivariate><si:expandedMU>"
    "<si:valueExpandedMU>0.000045</si:valueExpandedMU><si:coverageFactor>2</si:coverageFactor>"
    "<si:coverageProbability>0.9545</si:coverageProbability><si:distribution>normal</si:distribution>"
    "</si:expandedMU></si:measurementUncertaintyUnivariate></si:real></dcc:quantity>"
)


def column(name: str, ref_type: str, values: str, unit: str, uncertainty: str = "") -> str:
    """A quantity with a list of values; `uncertainty` as one U for all, with k = 2."""
    stated = (
        "<si:measurementUncertaintyUnivariateXMLList><si:expandedMUXMLList>"
        f"<si:valueExpandedMUXMLList>{uncertainty}</si:valueExpandedMUXMLList>"
        "<si:coverageFactorXMLList>2</si:coverageFactorXMLList>"
        "<si:coverageProbabilityXMLList>0.95</si:coverageProbabilityXMLList>"
        "</si:expandedMUXMLList></si:measurementUncertaintyUnivariateXMLList>"
        if uncertainty
        else ""
    )
    return (
        f'<dcc:quantity refType="{ref_type}"><dcc:name><dcc:content lang="en">{name}</dcc:content></dcc:name>'
        f"<si:realListXMLList><si:valueXMLList>{values}</si:valueXMLList><si:unitXMLList>{unit}</si:unitXMLList>"
        f"{stated}</si:realListXMLList></dcc:quantity>"
    )


def in_list(*columns: str) -> str:
    """Columns that go line by line."""
    return f"<dcc:list>{''.join(columns)}</dcc:list>"


GAUGE = in_list(
    column("Reference", "basic_referenceValue", "0.0000 0.4012 0.8020", r"\mega\pascal"),
    column("Indication", "basic_measuredValue", "0.000  0.400   0.800", r"\mega\pascal"),
    column("Error", "basic_measurementError", "0.0 -1.2 -2.0", r"\kilo\pascal", "0.8"),
)
"""A gauge at three points; U stands at the error alone, blanks are doubled as real files double them."""


def weight_file(**parts: str) -> bytes:
    """A certificate of a 10 kg weight."""
    return page(**{"data": WEIGHT, **parts})


def gauge_file(**parts: str) -> bytes:
    """A certificate of a pressure gauge."""
    return page(**{"data": GAUGE, **parts})
