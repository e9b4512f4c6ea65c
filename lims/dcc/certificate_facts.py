"""A certificate as it was read: who, what, when, by which methods and standards, and what it found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from lims.dcc.facts import NO_TEXTS, Finding, Node, Severity, Texts
from lims.dcc.value_facts import Quantity


class SignatureState(StrEnum):
    """What can be said of a signature; `NONE`: there is none."""

    VALID = "valid"
    INVALID = "invalid"
    CANNOT_VERIFY = "cannot_verify"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """One signature: its state and why, and what it says of its signer.

    `signed_at` is the signer's own claim. `holds` tells whether the file is as it was signed, whoever signed.
    """

    state: SignatureState
    reason: str
    path: str
    holds: bool | None
    detail: str = ""
    signer: str | None = None
    issuer: str | None = None
    valid_from: str | None = None
    valid_until: str | None = None
    signed_at: str | None = None
    algorithm: str | None = None
    form: str | None = None


@dataclass(frozen=True, slots=True)
class Identification:
    """A number or mark, and who gave it."""

    path: str
    issuer: str
    value: str
    name: Texts
    ref_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Location:
    """An address as the certificate divides it."""

    path: str
    street: str | None = None
    street_number: str | None = None
    post_code: str | None = None
    post_office_box: str | None = None
    city: str | None = None
    state: str | None = None
    country_code: str | None = None
    further: Texts = NO_TEXTS


@dataclass(frozen=True, slots=True)
class Contact:
    """A laboratory, customer, maker or person."""

    path: str
    name: Texts
    e_mail: str | None = None
    phone: str | None = None
    fax: str | None = None
    link: str | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """Another report, named by its number and hash; `linked` is the report that one refers to in turn."""

    path: str
    title: Texts
    number: str
    procedure: str
    value: str
    traceable: bool | None = None
    in_validity_range: bool | None = None
    linked: Reference | None = None


@dataclass(frozen=True, slots=True)
class CoreData:
    """Number, dates and languages. Dates that cannot be read are None; the rules name them."""

    path: str
    unique_identifier: str
    country_code: str | None
    used_languages: tuple[str, ...]
    mandatory_languages: tuple[str, ...]
    identifications: tuple[Identification, ...] = ()
    received_on: date | None = None
    began_on: date | None = None
    ended_on: date | None = None
    issued_on: date | None = None
    performance_location: str | None = None
    type_of_change: str | None = None
    replaced_identifier: str | None = None
    previous_report: Reference | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Who answers for the certificate."""

    path: str
    contact: Contact
    role: str | None
    main_signer: bool | None
    description: Texts = NO_TEXTS


@dataclass(frozen=True, slots=True)
class EquipmentClass:
    """A class in a scheme of classes."""

    path: str
    reference: str
    class_id: str


@dataclass(frozen=True, slots=True)
class Equipment:
    """The item that was calibrated, a part of it, or a standard that was used."""

    path: str
    name: Texts
    description: Texts
    manufacturer: Contact | None
    model: str | None
    identifications: tuple[Identification, ...]
    classes: tuple[EquipmentClass, ...] = ()
    owner: Contact | None = None
    certificate: Reference | None = None
    identifier: str | None = None
    ref_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Software:
    """A program and its release."""

    path: str
    name: Texts
    release: str
    kind: str | None = None
    description: Texts = NO_TEXTS


@dataclass(frozen=True, slots=True)
class Method:
    """A method that was used."""

    path: str
    name: Texts
    description: Texts
    norms: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    identifier: str | None = None
    ref_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition under which it was measured; its values are quantities inside its path."""

    path: str
    name: Texts
    status: str | None
    description: Texts = NO_TEXTS
    certificate: Reference | None = None
    ref_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """What the laboratory declares, of the whole certificate or (`about`) of what it stands in.

    `conformity` and `valid` have one entry, or one for each value of a list.
    """

    path: str
    about: str
    name: Texts
    description: Texts
    declaration: Texts
    norms: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    convention: str | None = None
    traceable: bool | None = None
    valid: tuple[bool, ...] = ()
    conformity: tuple[str, ...] = ()
    conformity_path: str | None = None
    stated_on: date | None = None
    period: str | None = None
    authority: Contact | None = None
    countries: tuple[str, ...] = ()
    non_si_definition: str | None = None
    non_si_unit: str | None = None
    location: Location | None = None
    refers_to: tuple[str, ...] = ()
    identifier: str | None = None
    ref_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the file; its bytes stay there."""

    path: str
    file_name: str
    mime_type: str
    size: int
    sha256: str
    name: Texts = NO_TEXTS


@dataclass(frozen=True, slots=True)
class TypeDefinition:
    """Where the meaning of a refType is laid down."""

    path: str
    name: Texts
    namespace: str
    link: str
    release: str | None = None
    ref_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasurementResult:
    """A measurement and the names of its results."""

    path: str
    name: Texts
    description: Texts
    results: tuple[tuple[str, Texts], ...]
    ref_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """A whole certificate; `root` holds every element of it, the other fields say what is asked for most."""

    version: str
    digital_si_version: str
    root: Node
    core: CoreData
    laboratory_code: str | None
    laboratories: tuple[Contact, ...]
    customer: Contact
    persons: tuple[Person, ...]
    items: tuple[Equipment, ...]
    equipment: tuple[Equipment, ...]
    software: tuple[Software, ...]
    methods: tuple[Method, ...]
    conditions: tuple[Condition, ...]
    statements: tuple[Statement, ...]
    results: tuple[MeasurementResult, ...]
    quantities: tuple[Quantity, ...]
    attachments: tuple[Attachment, ...]
    type_definitions: tuple[TypeDefinition, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of a file: its hash, what was noticed, and the certificate where its structure could be read."""

    sha256: str
    size: int
    version: str | None
    certificate: Certificate | None
    signatures: tuple[SignatureFacts, ...]
    findings: tuple[Finding, ...]
    schema_checked: bool = False
    findings_left_off: int = 0

    @property
    def accepted(self) -> bool:
        """Whether nothing refuses the file: no error, which a broken signature is too."""
        return self.certificate is not None and not any(one.severity is Severity.ERROR for one in self.findings)

    @property
    def signature_state(self) -> SignatureState:
        """What holds for all signatures together: the worst of them."""
        states = {signature.state for signature in self.signatures}
        for state in (SignatureState.INVALID, SignatureState.CANNOT_VERIFY, SignatureState.VALID):
            if state in states:
                return state
        return SignatureState.NONE
