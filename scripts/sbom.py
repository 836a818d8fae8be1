"""The bill of materials, as CycloneDX JSON: every package of requirements.lock, with its licence and dependencies.

    make sbom                 writes sbom.json

The content comes from the lock and the metadata of the packages in .venv. It has no time stamp, so the same lock gives
the same file. It is validated against CycloneDX's schema before it is written.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterable, Iterator
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from jsonschema import Draft7Validator
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from referencing import Registry

TOP = Path(__file__).parent.parent


def locked() -> dict[str, str]:
    """Every package of the lock, by its canonical name, with its version."""
    lock = (TOP / "requirements.lock").read_text("utf-8")
    return {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.M)}


def required(name: str) -> set[str]:
    """The dependencies of a package, by canonical name; none if it is not installed on this platform."""
    try:
        stated = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return set()
    here = [
        requirement
        for requirement in map(Requirement, stated)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    ]
    return {canonicalize_name(requirement.name) for requirement in here}


def closure(names: Iterable[str]) -> set[str]:
    """These packages and all their dependencies."""
    packages: set[str] = set()
    left = list(names)
    while left:
        if (name := left.pop()) not in packages:
            packages.add(name)
            left += required(name)
    return packages


def licence(name: str) -> Iterator[LicenseExpression | DisjunctiveLicense]:
    """The licence in a package's metadata, if it states one."""
    try:
        fields = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return
    if "License-Expression" in fields:
        yield LicenseExpression(fields["License-Expression"])
        return
    classifiers = fields.get_all("Classifier") or []
    classified = [classifier.rpartition(" :: ")[2] for classifier in classifiers if classifier.startswith("License ::")]
    free = fields["License"].strip() if "License" in fields else ""
    if text := " or ".join(classified) or (free if "\n" not in free else ""):
        yield DisjunctiveLicense(name=text)


def bill() -> Bom:
    """The bill of this project."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]
    packages = locked()
    direct = [canonicalize_name(Requirement(requirement).name) for requirement in project["dependencies"]]
    needed = closure(direct)
    digest = hashlib.sha256((TOP / "requirements.lock").read_bytes()).hexdigest()
    parts = {
        name: Component(
            name=name,
            version=version,
            type=ComponentType.LIBRARY,
            purl=PackageURL("pypi", None, name, version),
            bom_ref=f"{name}@{version}",
            licenses=licence(name),
            # Packages that only developers install have the scope "excluded".
            scope=ComponentScope.REQUIRED if name in needed else ComponentScope.EXCLUDED,
        )
        for name, version in packages.items()
    }
    itself = Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        bom_ref=project["name"],
        licenses=[LicenseExpression(project["license"])],
    )
    made = Bom(components=parts.values(), serial_number=uuid.uuid5(uuid.NAMESPACE_OID, digest))
    made.metadata.timestamp = None  # type: ignore[assignment]  # CycloneDX does not ask for one
    made.metadata.component = itself
    made.metadata.properties = [Property(name="requirements.lock:sha256", value=digest)]
    made.register_dependency(itself, [parts[name] for name in direct])
    for name, part in parts.items():
        made.register_dependency(part, [parts[other] for other in sorted(required(name)) if other in parts])
    return made


def problems(document: Any) -> list[str]:
    """The errors of a document against CycloneDX's schema."""
    folder = files("cyclonedx") / "schema" / "_res"

    def schema(name: str) -> Any:
        return json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text("utf-8"))

    known = {document["$id"]: document for document in (schema("spdx"), schema("jsf-0.82"))}
    registry: Registry[Any] = Registry().with_contents(known.items())
    checker = Draft7Validator(schema("bom-1.6"), registry=registry)
    return [f"{error.json_path}: {error.message}" for error in checker.iter_errors(document)]


def main(target: Path) -> int:
    """Write the bill; return 1 if it is not valid."""
    text = JsonV1Dot6(bill()).output_as_string(indent=1)
    if wrong := problems(json.loads(text)):
        print("\n".join(wrong), file=sys.stderr)
        return 1
    target.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
