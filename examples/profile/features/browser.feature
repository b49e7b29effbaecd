Feature: The story in a browser
  The same in Chromium: with its own cookies, forms and scripts.

  Background:
    Given a service on a primary and 2 replicas
    And a browser

  Scenario: A change of the language is visible at once
    Given the replicas stand still
    When the browser's user clicks "Deutsch"
    Then the browser shows "Hallo, Ada!"
    And the newest row of the trail is "the profile", "db-1", "not_caught_up"

  Scenario: With routing off, the page is stale
    When the browser's user clicks "Make it stand still: db-2"
    And the browser's user clicks "Make it stand still: db-3"
    And the browser's user clicks "Turn it off"
    And the browser's user clicks "Deutsch"
    Then the browser shows "Hello, Ada!"
    And the browser shows "This page is stale."

  Scenario: The chart is drawn, and nothing is blocked
    When the browser's user clicks "Deutsch"
    Then the chart of the lag has a line for each of 3 nodes
    And the page's policy has blocked nothing
