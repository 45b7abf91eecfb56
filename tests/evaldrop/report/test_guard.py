"""Whom a server on this machine answers."""

import pytest

from evaldrop.report.guard import refusal

HERE = {"Host": "localhost:5000"}


@pytest.mark.parametrize(
    "headers",
    [
        HERE,
        {"Host": "127.0.0.1:5000"},
        {"Host": "[::1]:5000"},
        {"Host": "LocalHost:5000"},
        {**HERE, "Origin": "http://localhost:5000"},
        {**HERE, "Sec-Fetch-Site": "same-origin"},
        {**HERE, "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
    ],
)
def test_programs_and_a_servers_own_pages_are_answered(headers):
    assert refusal(headers, bound_to="127.0.0.1", port=5000) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": ""},
        {"Host": "localhost"},
        {"Host": "localhost:5001"},
        {"Host": "evil.example:5000"},
        {"Host": "localhost.evil.example:5000"},
        {"Host": "evillocalhost:5000"},
        {"Host": "10.0.0.5:5000"},
        {"Host": "localhost.:5000"},
        {"Host": "bucket.localhost:5000"},
        {"Host": "localhost:5000,localhost:5000"},
        {"Host": "localhost:5000,evil.example:5000"},
        {"Host": "evil.example@localhost:5000"},
        {"Host": "localhost:5000:5000"},
        {"Host": "[::ffff:127.0.0.1]:5000"},
        {"Host": "0.0.0.0:5000"},
        {"Host": "2130706433:5000"},
        {**HERE, "Origin": "https://evil.example"},
        {**HERE, "Origin": "http://localhost:5001"},
        {**HERE, "Origin": "https://localhost:5000"},
        {**HERE, "Origin": "http://127.0.0.1:5000"},
        {**HERE, "Origin": "null"},
        {**HERE, "Origin": ""},
        {**HERE, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {**HERE, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
        {**HERE, "Sec-Fetch-Site": "same-site"},
        {**HERE, "Sec-Fetch-Site": "none,cross-site"},
        {**HERE, "Sec-Fetch-Site": "of-another-time"},
    ],
)
def test_no_page_of_another_site_is(headers):
    assert refusal(headers, bound_to="127.0.0.1", port=5000)


def test_a_server_of_pages_may_be_linked_to_but_not_fetched_from():
    link = {**HERE, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert refusal(link, bound_to="127.0.0.1", port=5000, may_be_linked_to=True) is None
    fetched = {**link, "Sec-Fetch-Mode": "no-cors"}
    assert refusal(fetched, bound_to="127.0.0.1", port=5000, may_be_linked_to=True)


def test_opened_to_a_network_it_answers_to_addresses_and_the_name_it_was_given():
    for host in ("10.0.0.5:5000", "[fe80::1]:5000", "localhost:5000"):
        assert refusal({"Host": host}, bound_to="0.0.0.0", port=5000) is None
    assert refusal({"Host": "box.lan:5000"}, bound_to="box.lan", port=5000) is None
    assert refusal({"Host": "evil.example:5000"}, bound_to="0.0.0.0", port=5000)


def test_the_port_of_the_web_need_not_be_said():
    assert refusal({"Host": "localhost"}, bound_to="127.0.0.1", port=80) is None


def test_names_below_localhost_are_only_a_servers_that_says_so():
    """Not every system keeps them on the machine: such a name may be a site's."""
    below = {"Host": "bucket.localhost:5000"}
    assert refusal(below, bound_to="127.0.0.1", port=5000, has_subdomains=True) is None
    assert refusal({"Host": "evillocalhost:5000"}, bound_to="127.0.0.1", port=5000, has_subdomains=True)
    from_below = {**HERE, "Origin": "http://bucket.localhost:5000"}
    assert refusal(from_below, bound_to="127.0.0.1", port=5000, has_subdomains=True)


def test_listening_on_the_other_loopback_address_opens_it_to_no_network():
    assert refusal({"Host": "[::1]:5000"}, bound_to="::1", port=5000) is None
    assert refusal({"Host": "10.0.0.5:5000"}, bound_to="::1", port=5000)
