"""Factors found at the end of an assessment."""

from __future__ import annotations

import numpy as np

from edgeofcare.synthetic.world.draws import Array
from edgeofcare.synthetic.world.world import World

__all__ = ["log_factors"]


def log_factors(world: World, child: Array, day: Array) -> None:
    """Log the factors of assessments authorised on these days; none identified is a factor of its own."""
    completed = world.uniform("assessment", child) >= world.settings.front_door.factors_not_completed
    child, day = child[completed], day[completed]
    found = np.zeros(len(child), dtype=bool)
    scale = world.settings.front_door.factor_scale
    for code, chance in _chances(world, child).items():
        yes = world.uniform("assessment", child) < np.minimum(chance * scale.get(code, 1.0), 0.97)
        world.log.add("assessment_factors", child[yes], date=day[yes], factor=code)
        found |= yes
    world.log.add("assessment_factors", child[~found], date=day[~found], factor="21")


def _chances(world: World, child: Array) -> dict[str, Array]:
    """Chance that each factor is ticked."""
    people = world.people
    age = world.age[child]
    teen = (age >= 10) & ~people.uasc[child]
    home = {name: flags[people.household[child]] & ~people.uasc[child] for name, flags in people.parental.items()}
    raised = np.exp(0.4 * world.need[child])
    return {**_home_factors(home, raised), **_child_factors(world, child, age, teen, raised)}


def _home_factors(home: dict[str, Array], raised: Array) -> dict[str, Array]:
    """Factors about the home: parents' difficulties and harm."""
    return {
        "1B": np.where(home["alcohol"], 0.72, 0.02),
        "2B": np.where(home["drugs"], 0.72, 0.02),
        "3A": np.where(home["domestic_abuse"], 0.26, 0.02),
        "3B": np.where(home["domestic_abuse"], 0.74, 0.03),
        "4B": np.where(home["mental_health"], 0.74, 0.05),
        "5B": np.where(home["disability"], 0.4, 0.005),
        "6B": np.where(home["disability"], 0.5, 0.02),
        "16A": np.minimum(0.14 * raised, 0.8),
        "17A": np.minimum(0.16 * raised, 0.8),
        "18C": np.minimum(0.10 * raised, 0.6),
        "19C": np.minimum(0.03 * raised, 0.4),
    }


def _child_factors(world: World, child: Array, age: Array, teen: Array, raised: Array) -> dict[str, Array]:
    """Factors about the child, most of them of adolescents."""
    disability = world.people.disability[child]
    exploited = world.exploitation[child]
    missing = world.recent_missing[child]
    return {
        "1A": np.where(teen & (age >= 12), 0.04 * raised, 0.0),
        "2A": np.where(world.substances[child], 0.65, np.where(teen & (age >= 12), 0.04, 0.0)),
        "4A": np.where(teen, 0.20 * raised, 0.04),
        "5A": np.where(disability == "LD", 0.8, np.where(disability == "AUT", 0.5, 0.05)),
        "6A": np.where(np.isin(disability, ["MOB", "PC", "HEAR", "VIS", "CON", "DDA"]), 0.8, 0.02),
        "7A": np.where(age >= 7, 0.045, 0.0),
        "9A": np.where(world.people.uasc[child], 0.92, 0.0),
        "10A": np.where(missing > 0, 0.7, np.where(teen, 0.015, 0.0)),
        "11A": np.where(exploited == "CSE", 0.75, np.where(teen, 0.012, 0.0)),
        "12A": np.where((exploited != "") | world.people.uasc[child], 0.05, 0.001),
        "13A": np.where(exploited == "GANG", 0.75, np.where(exploited == "CCE", 0.2, np.where(teen, 0.008, 0.0))),
        "14A": np.where(teen, 0.12 * raised, 0.01),
        "15A": np.where(world.self_harm[child], 0.75, np.where(teen, 0.02, 0.0)),
        "18B": np.where(age >= 6, 0.03, 0.01),
        "19B": np.where(age >= 6, 0.025, 0.005),
        "20": np.full(len(child), 0.14),
        "24A": np.where(exploited == "CCE", 0.78, np.where(exploited == "GANG", 0.45, np.where(teen, 0.012, 0.0))),
    }
