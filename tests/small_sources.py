"""Six children in every kind of source, with keys and dates by which a leak into a message would be seen at once."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import openpyxl
import pandas as pd

from tiny_tables import picture

__all__ = [
    "SECRET",
    "UNTIL",
    "annex_lists",
    "cin_text",
    "leaks",
    "sqlite_of",
    "ssd_frames",
    "ssda903_frames",
    "ssda903_text",
    "write_frames",
    "write_workbook",
]

UNTIL = "2024-03-31"
SECRET = "KQZ700"
"""Every key of a child, row or worker begins with it; names, free texts and pupil numbers hold it."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{4}")
_YEAR_ENDS = re.compile(r"\d{4}-0(3-31|4-01)|(31/03|01/04)/\d{4}")
_BORN = {1: "2008-05-17", 2: "2009-11-23", 3: "2010-02-14", 4: "2007-07-19", 5: "2011-01-26", 6: "2008-12-09"}
_SEX = {1: "M", 2: "F", 3: "F", 4: "M", 5: "F", 6: "M"}


def leaks(text):
    """What of a child stands in a text: keys, and dates other than ends and beginnings of years, which are examples."""
    return re.findall(rf"{SECRET}\w*", text) + [day for day in _DATE.findall(text) if not _YEAR_ENDS.fullmatch(day)]


def _british(day):
    """The day as 17/05/2008."""
    return "/".join(reversed(day.split("-")))


def ssd_frames():
    """Tables of an SSD extract; all values are text."""
    children = "\n".join(f"{SECRET}{n}, {day}, {_SEX[n]}, WBRI, {SECRET}NAME, {SECRET}UPN" for n, day in _BORN.items())
    pictures = {
        "ssd_person": f"""pers_person_id, pers_dob, pers_sex, pers_ethnicity, pers_forename, pers_upn
            {children}""",
        "ssd_mother": """moth_table_id, moth_person_id, moth_childs_person_id
            KQZ700m1, KQZ700mum, KQZ7001
            KQZ700m2, KQZ700mum, KQZ7002""",
        "ssd_family": """fami_table_id, fami_family_id, fami_person_id
            KQZ700f1, KQZ700home, KQZ7002
            KQZ700f2, KQZ700home, KQZ7003""",
        "ssd_contacts": """cont_contact_id, cont_person_id, cont_contact_date, cont_contact_source_code
            KQZ700c1, KQZ7001, 2022-05-03, 6 Police
            KQZ700c2, KQZ7002, 2022-08-11, 2A
            KQZ700c3, KQZ7004, 2023-01-17, 3D""",
        "ssd_cin_episodes": """cine_referral_id, cine_person_id, cine_referral_date, cine_close_date,\
 cine_cin_primary_need_code, cine_referral_source_code, cine_referral_nfa, cine_close_reason
            KQZ700r1, KQZ7001, 2022-05-06, 2023-02-21, N1, 6, N, RC1
            KQZ700r2, KQZ7002, 2022-08-12, , N5, 2A, N,
            KQZ700r3, KQZ7003, 2022-09-19, 2022-11-08, N1, 1A, N, RC7
            KQZ700r4, KQZ7004, 2023-01-18, , N4, 3D, N, """,
        "ssd_cin_assessments": """cina_assessment_id, cina_person_id, cina_assessment_start_date,\
 cina_assessment_auth_date, cina_assessment_outcome_nfa
            KQZ700a1, KQZ7001, 2022-05-09, 2022-06-14, N
            KQZ700a2, KQZ7002, 2022-08-15, 2022-09-20, N""",
        "ssd_assessment_factors": """cinf_table_id; cinf_assessment_id; cinf_assessment_factors_json
            KQZ700g1; KQZ700a1; ["1A","24A"]
            KQZ700g2; KQZ700a2; {"2B":"Yes","3A":"No"}""".replace(",", "\0").replace(";", ","),
        "ssd_s47_enquiry": """s47e_s47_enquiry_id, s47e_person_id, s47e_s47_start_date, s47e_s47_end_date, s47e_s47_nfa
            KQZ700s1, KQZ7001, 2022-06-15, 2022-06-24, N""",
        "ssd_cp_plans": """cppl_cp_plan_id, cppl_person_id, cppl_cp_plan_start_date, cppl_cp_plan_end_date,\
 cppl_cp_plan_initial_category
            KQZ700p1, KQZ7001, 2022-07-04, 2023-01-12, NEG""",
        "ssd_cla_episodes": """clae_cla_episode_id, clae_person_id, clae_cla_episode_start_date,\
 clae_cla_episode_ceased_date, clae_cla_episode_start_reason, clae_cla_episode_ceased_reason, clae_cla_id,\
 clae_cla_primary_need_code
            KQZ700e1, KQZ7001, 2022-10-05, 2023-01-23, S, X1, KQZ700h1, N1
            KQZ700e2, KQZ7001, 2023-01-23, , L, , KQZ700h1, N1
            KQZ700e3, KQZ7004, 2023-05-16, 2023-08-22, S, E4A, KQZ700h2, N4""",
        "ssd_legal_status": """lega_legal_status_id, lega_person_id, lega_legal_status_start_date,\
 lega_legal_status_end_date, lega_legal_status
            KQZ700l1, KQZ7001, 2022-10-05, 2023-01-23, V2
            KQZ700l2, KQZ7001, 2023-01-23, , C1
            KQZ700l3, KQZ7004, 2023-05-16, 2023-08-22, V2""",
        "ssd_cla_placement": """clap_cla_placement_id, clap_cla_id, clap_person_id, clap_cla_placement_start_date,\
 clap_cla_placement_end_date, clap_cla_placement_type, clap_cla_placement_distance
            KQZ700q1, KQZ700h1, KQZ7001, 2022-10-05, , U6, 12.4""",
        "ssd_missing": """miss_table_id, miss_person_id, miss_missing_episode_start_date,\
 miss_missing_episode_end_date, miss_missing_episode_type, miss_missing_rhi_offered
            KQZ700w1, KQZ7001, 2022-11-09 23:14:00, 2022-11-10 07:02:00, M, Y
            KQZ700w2, KQZ7004, 2023-06-13, 2023-06-14, A, N""",
        "ssd_immigration_status": """immi_immigration_status_id, immi_person_id, immi_immigration_status_start_date,\
 immi_immigration_status_end_date, immi_immigration_status
            KQZ700i1, KQZ7005, 2022-12-07, , UASC""",
        "ssd_involvements": """invo_involvements_id, invo_professional_id, invo_professional_role_id, invo_person_id,\
 invo_involvement_start_date, invo_involvement_end_date, invo_referral_id
            KQZ700v1, KQZ700sw, CW, KQZ7001, 2022-05-10, , KQZ700r1""",
    }
    frames = {name: _plain(text) for name, text in pictures.items()}
    factors = frames["ssd_assessment_factors"]
    frames["ssd_assessment_factors"] = factors.apply(lambda column: column.str.replace("\0", ","))
    return frames


def _plain(text):
    """A picture whose quotation marks are letters like any other."""
    if '"' not in text:
        return picture(text)
    rows = [[cell.strip() for cell in line.split(",")] for line in text.strip().splitlines()]
    return pd.DataFrame(rows[1:], columns=rows[0], dtype="str")


def ssda903_frames():
    """Header, episodes, missing episodes and asylum status of two years' returns, by ``year/name``."""
    born = {f"{SECRET}{n}": _british(_BORN[n]) for n in (1, 4, 5)}
    header = "\n".join(f"{child}, {1 + (child[-1] == '5')}, {day}, WBRI, {SECRET}UPN" for child, day in born.items())
    episodes = "CHILD, DECOM, RNE, LS, CIN, PLACE, PLACE_PROVIDER, DEC, REC, REASON_PLACE_CHANGE"
    missing = "CHILD, DOB, MISSING, MIS_START, MIS_END"
    pictures = {
        "2023/header": f"CHILD, SEX, DOB, ETHNIC, UPN\n{header}",
        "2023/episodes": f"""{episodes}
            KQZ7001, 05/10/2022, S, V2, N1, U4, PR1, 23/01/2023, X1,
            KQZ7001, 23/01/2023, L, C1, N1, U4, PR1, , ,
            KQZ7004, 16/08/2022, S, V2, N4, K2, PR1, 22/11/2022, E4A,
            KQZ7005, 07/12/2022, S, V2, N8, U4, PR4, , , """,
        "2023/missing": f"""{missing}
            KQZ7001, {born["KQZ7001"]}, M, 09/11/2022, 10/11/2022""",
        "2023/uasc": f"""CHILD, DOB, DUC
            KQZ7005, {born["KQZ7005"]}, """,
        "2024/header": f"CHILD, SEX, DOB, ETHNIC, UPN\n{header}",
        "2024/episodes": f"""{episodes}
            KQZ7001, 23/01/2023, L, C1, N1, U4, PR1, 18/07/2023, X1,
            KQZ7001, 18/07/2023, P, C1, N1, K2, PR1, , , PLACE
            KQZ7004, 16/05/2023, S, V2, N4, K2, PR1, 22/08/2023, E4A,
            KQZ7005, 07/12/2022, S, V2, N8, U4, PR4, 12/09/2023, E3, """,
        "2024/missing": f"""{missing}
            KQZ7004, {born["KQZ7004"]}, A, 13/06/2023, 14/06/2023""",
    }
    return {name: picture(text) for name, text in pictures.items()}


def ssda903_text(year):
    """One year's return as XML."""
    frames = {name.partition("/")[2]: frame for name, frame in ssda903_frames().items() if name.startswith(str(year))}
    children = []
    for row in frames["header"].to_dict("records"):
        parts = _elements({key: row[key] for key in ("CHILD", "SEX", "DOB", "ETHNIC", "UPN")})
        inside = f"<HEADER>{parts}</HEADER>"
        for tag, name in (("EPISODE", "episodes"), ("AMISSING", "missing")):
            own = frames[name][frames[name]["CHILD"] == row["CHILD"]].to_dict("records")
            inside += "".join(f"<{tag}>{_elements({k: v for k, v in each.items() if v})}</{tag}>" for each in own)
        children.append(f"<CHILD>{inside}</CHILD>")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<SSDA903>{"".join(children)}</SSDA903>'


def _elements(values):
    """One element for each value."""
    return "".join(f"<{tag}>{value}</{tag}>" for tag, value in values.items())


def cin_text(year):
    """One year's CIN census return."""
    closed = "<CINclosureDate>2023-02-21</CINclosureDate><ReasonForClosure>RC1</ReasonForClosure>"
    cases = {
        1: f"""<CINreferralDate>2022-05-06</CINreferralDate><ReferralSource>6</ReferralSource>{closed}
            <PrimaryNeedCode>N1</PrimaryNeedCode><Assessments>
            <AssessmentActualStartDate>2022-05-09</AssessmentActualStartDate>
            <AssessmentAuthorisationDate>2022-06-14</AssessmentAuthorisationDate>
            <FactorsIdentifiedAtAssessment><AssessmentFactors>1A</AssessmentFactors>
            <AssessmentFactors>24A</AssessmentFactors></FactorsIdentifiedAtAssessment></Assessments>
            <Section47><S47ActualStartDate>2022-06-15</S47ActualStartDate>
            <DateOfInitialCPC>2022-07-04</DateOfInitialCPC></Section47>
            <ChildProtectionPlans><CPPstartDate>2022-07-04</CPPstartDate><CPPendDate>2023-01-12</CPPendDate>
            <InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse></ChildProtectionPlans>""",
        4: "<CINreferralDate>2022-08-02</CINreferralDate><ReferralSource>3D</ReferralSource>"
        "<PrimaryNeedCode>N4</PrimaryNeedCode>",
        5: "<CINreferralDate>2022-12-05</CINreferralDate><ReferralSource>6</ReferralSource>"
        "<PrimaryNeedCode>N8</PrimaryNeedCode>"
        "<CINPlanDates><CINPlanStartDate>2022-12-19</CINPlanStartDate></CINPlanDates>",
    }
    sexes = {"M": "1", "F": "2"}
    children = "".join(
        f"<Child><ChildIdentifiers><LAchildID>{SECRET}{n}</LAchildID><UPN>{SECRET}UPN</UPN>"
        f"<PersonBirthDate>{_BORN[n]}</PersonBirthDate><GenderCurrent>{sexes[_SEX[n]]}</GenderCurrent>"
        "</ChildIdentifiers><ChildCharacteristics><Ethnicity>WBRI</Ethnicity><Disabilities>"
        "<Disability>NONE</Disability></Disabilities></ChildCharacteristics>"
        f"<CINdetails>{case}</CINdetails></Child>"
        for n, case in cases.items()
        if year == 2023 or n != 1
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Message><Header><CollectionDetails><Collection>CIN</Collection>'
        f"<Year>{year}</Year><ReferenceDate>{year}-03-31</ReferenceDate></CollectionDetails>"
        f"<Source><LEA>201</LEA></Source></Header>\n<Children>{children}</Children></Message>"
    )


def annex_lists():
    """The sheets of an Annex A workbook."""
    child = "Child Unique ID, Gender, Ethnicity, Date of Birth"
    who = {n: f"{SECRET}{n}, {_SEX[n]}, WBRI, {_british(day)}" for n, day in _BORN.items()}
    pictures = {
        "List 1": f"""{child}, Date of Contact, Contact Source
            {who[2]}, 11/08/2023, 2A: Schools""",
        "List 3": f"""{child}, Date of referral, Referral Source, Referral NFA?
            {who[2]}, 12/08/2023, 2A: Schools, No
            {who[3]}, 19/09/2023, 1A: Individual, Yes""",
        "List 4": f"""{child}, Continuous Assessment Start Date, Continuous Assessment Date of Authorisation
            {who[2]}, 15/08/2023, 20/09/2023""",
        "List 6": f"""{child}, CIN Start Date, Primary Need Code, CIN Closure Date, Reason for Closure
            {who[2]}, 12/08/2023, N5, ,
            {who[4]}, 18/01/2023, N4, 09/11/2023, RC7""",
        "List 8": f"""{child}, Date Started to be Looked After, Child's Category of Need,\
 Start date of current legal status, Child's Legal Status, Date Ceased to be Looked After,\
 Reason Ceased to be Looked After
            {who[1]}, 05/10/2022, N1, 23/01/2023, C1, ,
            {who[4]}, 16/05/2023, N4, 16/05/2023, V2, 22/08/2023, E4A""",
    }
    return {name: picture(text) for name, text in pictures.items()}


def write_frames(frames, folder):
    """One CSV file for each frame; names may hold folders."""
    for name, frame in frames.items():
        path = Path(folder, f"{name}.csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(frame.to_csv(index=False, lineterminator="\n").encode())
    return Path(folder)


def write_workbook(sheets, path):
    """An Excel workbook of frames; values stand in it as they are."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, frame in sheets.items():
        sheet = book.create_sheet(title)
        sheet.append(list(frame.columns))
        for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None):
            sheet.append(row)
    book.save(path)
    return path


def sqlite_of(frames, path=":memory:"):
    """A SQLite connection that holds the frames; columns without a type, so that values stay as they are."""
    connection = sqlite3.connect(path)
    for name, frame in frames.items():
        columns = ", ".join('"' + str(column).replace('"', '""') + '"' for column in frame.columns)
        connection.execute(f'CREATE TABLE "{name}" ({columns})')
        marks = ", ".join("?" * frame.shape[1])
        connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', frame.itertuples(index=False, name=None))
    connection.commit()
    return connection
