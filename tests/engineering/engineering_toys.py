"""Small files of other tools, written by hand after their forms, and reading them from memory."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, cast

import pytest

from evidence.engineering import READERS
from evidence.engineering.source import Source
from evidence.errors import InputError
from evidence.records.engineering import Format


def read_text(format: Format, text: str | bytes, name: str = "file") -> Any:
    """The content of a file that is given as text or bytes."""
    data = text.encode() if isinstance(text, str) else text
    return READERS[format](Source(io.BytesIO(data), name))


def refused(format: Format, text: str | bytes) -> tuple[str, int | None]:
    """Code and line of the one finding with which a file is refused."""
    with pytest.raises(InputError) as caught:
        read_text(format, text)
    assert len(caught.value.findings) == 1
    finding = caught.value.finding
    assert finding.place.file == "file" and finding.remedy
    assert finding.code.startswith("E16"), finding
    return finding.code, finding.place.line


class Repeated(io.RawIOBase):
    """A stream of `head`, `count` times `body`, and `tail`: a large file that is never held."""

    def __init__(self, head: bytes, body: bytes, count: int, tail: bytes) -> None:
        many = max(1, 262_144 // len(body))
        self._parts = [head, *[body * many] * (count // many), body * (count % many), tail]
        self._next = 0
        self.size = len(head) + len(body) * count + len(tail)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """One part at a time, whatever is asked for; `Source` accepts that."""
        while self._next < len(self._parts):
            part = self._parts[self._next]
            self._next += 1
            if part:
                return part
        return b""


def read_stream(format: Format, stream: Repeated) -> Any:
    return READERS[format](Source(cast(BinaryIO, stream), "file"))


PYTEST = """<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests">
<testsuite name="pytest" errors="0" failures="1" skipped="1" tests="4" time="0.035" hostname="here">
<testcase classname="tests.test_table" name="test_corner" time="0.001" />
<testcase classname="tests.test_table" name="test_shape[3-4]" time="0.001"><system-out>text &amp; more</system-out></testcase>
<testcase classname="tests.test_table" name="test_bad" time="0.001"><failure message="assert 1 == 2">def test_bad():
&gt;   assert 1 == 2</failure></testcase>
<testcase classname="tests.test_table" name="test_later" time="0.0"><skipped type="pytest.skip" message="needs a target">x</skipped></testcase>
</testsuite></testsuites>
"""

SUREFIRE = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" name="com.example.TableTest" tests="3" errors="1" skipped="0"
 failures="0">
  <properties><property name="java.version" value="17"/></properties>
  <testcase name="reads" classname="com.example.TableTest" time="0.012"/>
  <testcase name="flickers" classname="com.example.TableTest" time="0.1">
    <flakyFailure message="too slow" type="java.lang.AssertionError"><stackTrace>at x</stackTrace></flakyFailure>
  </testcase>
  <testcase name="throws" classname="com.example.TableTest" time="0.001">
    <error message="null" type="java.lang.NullPointerException">at y</error>
    <rerunError message="null" type="java.lang.NullPointerException"/>
  </testcase>
</testsuite>
"""

GTEST = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="4" failures="1" disabled="1" errors="0" time="0.002" timestamp="2026-11-20T10:00:00.000" name="AllTests">
  <testsuite name="Table" tests="4" failures="1" disabled="1" skipped="1" errors="0" time="0.002">
    <testcase name="Corner" file="t.cpp" line="6" status="run" result="completed" time="0" classname="Table" />
    <testcase name="DISABLED_Edge" file="t.cpp" line="9" status="notrun" result="suppressed" time="0" classname="Table" />
    <testcase name="OnTarget" status="run" result="skipped" time="0" classname="Table">
      <skipped message="t.cpp:12&#x0A;no target"/>
    </testcase>
    <testcase name="Limit" status="run" result="completed" time="0" classname="Table">
      <failure message="t.cpp:20&#x0A;Expected 1" type=""><![CDATA[t.cpp:20]]></failure>
      <failure message="t.cpp:21" type=""/>
    </testcase>
  </testsuite>
</testsuites>
"""


def suite(cases: str, **stated: int) -> str:
    """One suite with a header that states counts."""
    header = "".join(f' {name}="{value}"' for name, value in stated.items())
    return f'<testsuite name="s"{header}>{cases}</testsuite>'


COVERAGE_PY = """<?xml version="1.0" ?>
<coverage version="7.6.1" timestamp="1700000000000" lines-valid="4" lines-covered="3" line-rate="0.75" branches-covered="3"
 branches-valid="4" branch-rate="0.75" complexity="0">
  <sources><source>src</source></sources>
  <packages><package name="." line-rate="0.75" branch-rate="0.75" complexity="0"><classes>
    <class name="table.py" filename="table.py" complexity="0" line-rate="0.75" branch-rate="0.75">
      <methods/>
      <lines>
        <line number="1" hits="1"/>
        <line number="2" hits="1" branch="true" condition-coverage="100% (2/2)"/>
        <line number="3" hits="1" branch="true" condition-coverage="50% (1/2)" missing-branches="7"/>
        <line number="7" hits="0"/>
      </lines>
    </class>
  </classes></package></packages>
</coverage>
"""

GCOVR = """<?xml version='1.0' encoding='UTF-8'?>
<!DOCTYPE coverage SYSTEM 'http://cobertura.sourceforge.net/xml/coverage-04.dtd'>
<coverage line-rate="1.0" branch-rate="1.0" lines-covered="2" lines-valid="2" branches-covered="2" branches-valid="2"
 complexity="0.0" timestamp="1700000000" version="gcovr 7.0">
  <packages><package name="src" line-rate="1.0" branch-rate="1.0"><classes>
    <class name="a_c" filename="src/a.c" line-rate="1.0" branch-rate="1.0" complexity="0.0">
      <methods><method name="f" signature="()" line-rate="1.0" branch-rate="1.0"><lines>
        <line number="1" hits="9" branch="false"/></lines></method></methods>
      <lines>
        <line number="1" hits="9" branch="false"/>
        <line number="2" hits="9" branch="true" condition-coverage="100% (2/2)">
          <conditions><condition number="0" type="jump" coverage="100%"/></conditions></line>
      </lines>
    </class>
  </classes></package></packages>
</coverage>
"""


def coverage(lines: str, root: str = 'line-rate="0"') -> str:
    """A Cobertura file with one class."""
    return (
        f'<coverage {root}><packages><package><classes><class filename="a.c"><lines>{lines}</lines></class>'
        "</classes></package></packages></coverage>"
    )


REQIF = """<?xml version="1.0" encoding="UTF-8"?>
<REQ-IF xmlns="http://www.omg.org/spec/ReqIF/20110401/reqif.xsd" xmlns:xhtml="http://www.w3.org/1999/xhtml">
<CORE-CONTENT><REQ-IF-CONTENT>
<SPEC-TYPES><SPEC-OBJECT-TYPE IDENTIFIER="T"><SPEC-ATTRIBUTES>
<ATTRIBUTE-DEFINITION-STRING IDENTIFIER="A-ID" LONG-NAME="ReqIF.ForeignID"/>
<ATTRIBUTE-DEFINITION-XHTML IDENTIFIER="A-TEXT" LONG-NAME="ReqIF.Text"/>
<ATTRIBUTE-DEFINITION-STRING IDENTIFIER="A-PRIO" LONG-NAME="Priority"/>
</SPEC-ATTRIBUTES></SPEC-OBJECT-TYPE></SPEC-TYPES>
<SPEC-OBJECTS>
<SPEC-OBJECT IDENTIFIER="o1" LAST-CHANGE="2026-01-01T00:00:00Z"><VALUES>
<ATTRIBUTE-VALUE-STRING THE-VALUE="R1"><DEFINITION><ATTRIBUTE-DEFINITION-STRING-REF>A-ID</ATTRIBUTE-DEFINITION-STRING-REF></DEFINITION></ATTRIBUTE-VALUE-STRING>
<ATTRIBUTE-VALUE-XHTML><DEFINITION><ATTRIBUTE-DEFINITION-XHTML-REF>A-TEXT</ATTRIBUTE-DEFINITION-XHTML-REF></DEFINITION>
<THE-VALUE><xhtml:div><xhtml:p>The network shall do</xhtml:p><xhtml:p>what <xhtml:b>R1</xhtml:b> says.</xhtml:p></xhtml:div></THE-VALUE></ATTRIBUTE-VALUE-XHTML>
<ATTRIBUTE-VALUE-STRING THE-VALUE="high"><DEFINITION><ATTRIBUTE-DEFINITION-STRING-REF>A-PRIO</ATTRIBUTE-DEFINITION-STRING-REF></DEFINITION></ATTRIBUTE-VALUE-STRING>
</VALUES><TYPE><SPEC-OBJECT-TYPE-REF>T</SPEC-OBJECT-TYPE-REF></TYPE></SPEC-OBJECT>
<SPEC-OBJECT IDENTIFIER="o2"><VALUES>
<ATTRIBUTE-VALUE-STRING THE-VALUE="SR1"><DEFINITION><ATTRIBUTE-DEFINITION-STRING-REF>A-ID</ATTRIBUTE-DEFINITION-STRING-REF></DEFINITION></ATTRIBUTE-VALUE-STRING>
<ATTRIBUTE-VALUE-XHTML><THE-VALUE><xhtml:div>No harm shall come of it.</xhtml:div></THE-VALUE><DEFINITION><ATTRIBUTE-DEFINITION-XHTML-REF>A-TEXT</ATTRIBUTE-DEFINITION-XHTML-REF></DEFINITION></ATTRIBUTE-VALUE-XHTML>
</VALUES></SPEC-OBJECT>
<SPEC-OBJECT IDENTIFIER="o3"/>
</SPEC-OBJECTS>
<SPEC-RELATIONS><SPEC-RELATION IDENTIFIER="l1">
<SOURCE><SPEC-OBJECT-REF>o1</SPEC-OBJECT-REF></SOURCE><TARGET><SPEC-OBJECT-REF>o2</SPEC-OBJECT-REF></TARGET>
</SPEC-RELATION></SPEC-RELATIONS>
<SPECIFICATIONS><SPECIFICATION IDENTIFIER="s"><CHILDREN><SPEC-HIERARCHY IDENTIFIER="h"><OBJECT><SPEC-OBJECT-REF>o1</SPEC-OBJECT-REF></OBJECT></SPEC-HIERARCHY></CHILDREN></SPECIFICATION></SPECIFICATIONS>
</REQ-IF-CONTENT></CORE-CONTENT></REQ-IF>
"""

REVIEW = """schema: assurance-review/1
items:
  - {id: R1}
author: Ann Author
reviewers: [Rev Reviewer]
date: "2026-02-02"
checklist:
  - {id: Q1, question: "Does it follow from its parent?", answer: "yes"}
findings:
  - {id: F1, text: the unit is missing, severity: major, state: closed, answer: added}
result: accepted
"""

DATA_SET = """schema: assurance-data-set-report/1
data_set: points
provenance: drawn for the test
labelled_by: the table
total: 10
splits:
  - {name: learn, use: training, count: 6}
  - {name: hold, use: test, count: 4}
independence:
  - {splits: [learn, hold], overlap: 0, method: digests of all samples compared}
odd:
  - {parameter: x, cells: [{name: 0 to 5, count: 5}, {name: 5 to 10, count: 5}]}
  - {parameter: y, cells: [{name: 0 to 10, count: 10}]}
limitations: [nothing at night]
"""

PROBLEMS = """schema: assurance-problem-reports/1
problem_reports:
  - {id: PR1, title: wrong unit, state: closed, classification: functional, disposition: mended in issue 2}
  - {id: PR2, title: slow, state: open}
"""
