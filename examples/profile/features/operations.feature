Feature: What operators see and do
  A bad day of the replicas, or of the primary, is no bad day of the shop.

  Background:
    Given a service on a primary and 2 replicas

  Scenario: A replica dies, and the shop goes on
    When the first replica is killed
    Then Ada opens the shop 40 times, and every time all of it is there
    And soon it is "db-3" that fills the shop window

  Scenario: All replicas die, and the shop goes on
    When the replicas are killed
    Then Ada opens the shop 40 times, and every time all of it is there
    And soon it is "db-1" that fills the shop window

  Scenario: The switch is thrown, and thrown back
    Given the operator has chosen the mode primary_only
    When Ada opens the profile page
    Then it came from the primary, because "primary_only"
    When Ada changes the language to Deutsch
    And the operator chooses the mode on
    Then every page of Ada is in Deutsch, until one comes from a replica

  Scenario: What was written while replicas were off counts when they are on again
    Given the replicas stand still
    And the operator has chosen the mode primary_only
    When Ada changes the language to Deutsch
    And the operator chooses the mode on
    And Ada opens the profile page
    Then the page is in Deutsch
    And it came from the primary, because "not_caught_up"

  Scenario: Routing is turned on for some users, and for the same ones on every page
    Given the operator has given replicas to 50 percent of all users
    Then each of 12 users gets all pages from replicas, or all from the primary
    When the operator gives replicas to 100 percent of all users
    And Ada opens the profile page
    Then it came from a replica, because "nothing_to_catch_up"

  Scenario: The primary is strained, and the shop window closes first
    Given the replicas stand still
    When Ada changes the language to Deutsch
    And the primary's load is 82 percent
    And Ada opens the shop
    Then the shop window is closed
    When Ada opens the profile page
    Then the page is in Deutsch
    And it came from the primary, because "not_caught_up"

  Scenario: A primary at its limit serves payments, and nothing that can wait
    Given the replicas stand still
    When Ada changes the language to Deutsch
    And the primary's load is 90 percent
    Then Ada's profile page is refused for some seconds
    When Ada pays 60
    And Ada opens the shop
    Then 40.00 are left on the account
    And the shop window is closed
    When the primary's load is 10 percent
    Then Ada's profile page is soon back

  Scenario: Prometheus is told where the pages came from
    When Ada opens the profile page
    Then it came from a replica, because "nothing_to_catch_up"
    And Prometheus is told of a loan of a replica, because "nothing_to_catch_up"
