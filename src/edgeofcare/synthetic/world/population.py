"""Households and children before anything has happened to them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from edgeofcare.synthetic.world.draws import Array, pick
from edgeofcare.synthetic.world.settings import PeopleRates

__all__ = ["YEAR", "Population", "make_population"]

YEAR = 365.25


@dataclass(frozen=True)
class Population:
    """Children and households, one array element each.

    Attributes
    ----------
    household : ndarray of int
        Position of the child's household.
    first_day : ndarray of int
        Day on which each household first comes to notice.
    birth : ndarray of int
        Day of birth.
    mother, family : ndarray of int
        Keys of the mother and family, -1 where not recorded.
    sex, ethnicity, disability : ndarray of str
        Codes; disability is empty for most children.
    estimated, ehc_plan, uasc : ndarray of bool
        Flags of the child.
    package : ndarray of str
        Short-break status that the child may be given: "V3", "V4" or empty.
    household_need, child_need : ndarray of float
        Lasting need of each household and of each child, on the log scale.
    parental : dict of str to ndarray of bool
        Difficulties of the parents of each household.
    """

    household: Array
    first_day: Array
    birth: Array
    mother: Array
    family: Array
    sex: Array
    ethnicity: Array
    disability: Array
    estimated: Array
    ehc_plan: Array
    uasc: Array
    package: Array
    household_need: Array
    child_need: Array
    parental: dict[str, Array]

    @property
    def size(self) -> int:
        """Number of children."""
        return len(self.household)


def make_population(
    n_children: int, rng: np.random.Generator, rates: PeopleRates, *, first_day: int, last_day: int
) -> Population:
    """Households with their children, at least as many children as asked for unless some are left out as too old.

    Parameters
    ----------
    n_children : int
        Smallest number of children.
    rng : numpy.random.Generator
        Source of random numbers.
    rates : PeopleRates
        Assumptions.
    first_day, last_day : int
        Households first come to notice between these days, counted from 1970-01-01.

    Returns
    -------
    Population
        The children, household by household.
    """
    n_children = round(n_children * (1 + rates.extra))
    n_uasc = round(n_children * rates.uasc)
    sizes = np.concatenate([_sizes(n_children - n_uasc, rng, rates), np.ones(n_uasc, dtype=np.int64)])
    alone = np.concatenate([np.zeros(len(sizes) - n_uasc, dtype=bool), np.ones(n_uasc, dtype=bool)])
    order = rng.permutation(len(sizes))
    sizes, alone = sizes[order], alone[order]
    household = np.repeat(np.arange(len(sizes)), sizes)
    uasc = alone[household]
    first = first_day + (rng.random(len(sizes)) * (last_day - first_day)).astype(np.int64)
    disability = _disabilities(rng, uasc, rates)
    mother, family = _links(rng, household, sizes, uasc, rates)
    need = rates.household_sd * rng.standard_normal(len(sizes))
    people = Population(
        household=household,
        first_day=first,
        birth=_births(rng, sizes, household, first, alone, rates),
        mother=mother,
        family=family,
        sex=_sexes(rng, uasc, rates),
        ethnicity=_ethnicities(rng, household, uasc, rates),
        disability=disability,
        estimated=rng.random(len(uasc)) < np.where(uasc, rates.uasc_birth_estimated, rates.birth_estimated),
        ehc_plan=rng.random(len(uasc)) < np.where(disability != "", rates.ehc_plan_disabled, rates.ehc_plan * 0.8),
        uasc=uasc,
        package=_packages(rng, disability, rates),
        household_need=need,
        child_need=rates.child_sd * rng.standard_normal(len(uasc)),
        parental=_parental(rng, need, rates),
    )
    return _minors(people, first_day + rates.burn_in_years * YEAR) if rates.only_minors else people


def _minors(people: Population, day: float) -> Population:
    """Only the children who turn 18 after a day."""
    kept = people.birth + 18 * YEAR > day
    whole = ("first_day", "household_need", "parental")
    columns = {field.name: getattr(people, field.name) for field in fields(people) if field.name not in whole}
    return replace(people, **{name: values[kept] for name, values in columns.items()})


def _sizes(n_children: int, rng: np.random.Generator, rates: PeopleRates) -> Array:
    """Sizes of households that hold at least this many children."""
    shares = {str(size + 1): share for size, share in enumerate(rates.household_sizes)}
    sizes = pick(rng.random(max(n_children, 1)), shares).astype(np.int64)
    return sizes[: int(np.searchsorted(np.cumsum(sizes), n_children)) + 1]


def _births(
    rng: np.random.Generator, sizes: Array, household: Array, first: Array, alone: Array, rates: PeopleRates
) -> Array:
    """Day of birth: one child has the age at first notice, brothers and sisters are spaced around."""
    u = rng.random(len(sizes))
    age = np.interp(u, rates.first_age_shares, rates.first_ages)
    youngest, span = rates.uasc_ages
    age = np.where(alone, youngest + span * np.sqrt(u), age)
    low, high = rates.sibling_gap_years
    gap = low + (high - low) * rng.random(len(household))
    gap[rng.random(len(household)) < 0.015] = 0.0
    opening = np.cumsum(sizes) - sizes
    place = np.cumsum(gap)
    named = opening + (rng.random(len(sizes)) * sizes).astype(np.int64)
    offset = place - place[named][household]
    return first[household] - np.floor((age[household] - offset) * YEAR).astype(np.int64)


def _links(
    rng: np.random.Generator, household: Array, sizes: Array, uasc: Array, rates: PeopleRates
) -> tuple[Array, Array]:
    """Keys of mother and family; some mothers have children in two families."""
    n = len(sizes)
    mother = household.copy()
    other = rng.random(len(household)) < rates.half_siblings
    mother[other] = n + np.flatnonzero(other)
    last = np.cumsum(sizes) - 1
    shared = last[(rng.random(n) < rates.shared_mothers) & ~uasc[last]]
    mother[shared] = (rng.random(len(shared)) * n).astype(np.int64)
    mother[uasc | (rng.random(len(household)) < rates.mother_unrecorded)] = -1
    unrecorded = uasc | (rng.random(len(household)) < rates.family_unrecorded) | (mother >= n)
    family = np.where(
        unrecorded, -1, mother
    )  # a family is a mother's, so that families join nobody whom mothers do not
    return mother, family


def _sexes(rng: np.random.Generator, uasc: Array, rates: PeopleRates) -> Array:
    """Sex codes."""
    sex = np.where(rng.random(len(uasc)) < np.where(uasc, rates.uasc_male, rates.male), "M", "F")
    return np.where(rng.random(len(uasc)) < rates.sex_unknown, "U", sex)


def _ethnicities(rng: np.random.Generator, household: Array, uasc: Array, rates: PeopleRates) -> Array:
    """Ethnicity codes, mostly the same within a household."""
    shared = rng.random(int(household[-1]) + 1)[household]
    own = rng.random(len(household))
    u = np.where(rng.random(len(household)) < 0.92, shared, own)
    codes = np.where(uasc, pick(u, rates.uasc_ethnicity), pick(u, rates.ethnicity))
    return np.where(rng.random(len(household)) < 0.01, "", codes)


def _disabilities(rng: np.random.Generator, uasc: Array, rates: PeopleRates) -> Array:
    """Disability codes, empty for most children."""
    codes = pick(rng.random(len(uasc)), rates.disability)
    return np.where((rng.random(len(uasc)) < rates.disabled) & ~uasc, codes, "")


def _packages(rng: np.random.Generator, disability: Array, rates: PeopleRates) -> Array:
    """Short-break status of children who may be given short breaks."""
    u = rng.random(len(disability))
    given = (disability != "") & (u < rates.short_breaks)
    return np.where(given, np.where(rng.random(len(u)) < 0.5, "V3", "V4"), "")


def _parental(rng: np.random.Generator, need: Array, rates: PeopleRates) -> dict[str, Array]:
    """Difficulties of the parents, more common where need is higher."""
    raised = np.exp(rates.need_on_parents * need)
    return {name: rng.random(len(need)) < np.minimum(share * raised, 0.9) for name, share in rates.parental.items()}
