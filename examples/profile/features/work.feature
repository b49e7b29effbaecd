Feature: Work that needs the present state
  What must not be old says so, by its path or by its type, and gets the primary.

  Background:
    Given a service on a primary and 2 replicas
    And the replicas stand still

  Scenario: The admin page shows what another user did just now
    When Bilal changes the language to Français
    And Ada opens the admin page
    Then it shows Bilal's language as Français
    And it came from the primary, because "strong"

  Scenario: A payment counts at once
    When Ada pays 60
    And Ada opens the shop
    Then 40.00 are left on the account
    And the balance came from the primary, because "strong"

  Scenario: Nobody pays the same money twice
    When Ada pays 60
    And Ada pays 60
    And Ada opens the shop
    Then 40.00 are left on the account

  Scenario: A payment needs the primary even with routing off
    Given Ada has turned routing off
    When Ada pays 60
    And Ada opens the shop
    Then 40.00 are left on the account
    And the balance came from the primary, because "strong"

  Scenario: The last ticket is reserved once
    When 8 users reserve a ticket at once
    Then 5 of them have one
    And no ticket is left

  Scenario: A job sees what its user did before
    When Ada changes the language to Deutsch
    And Ada orders a letter
    Then a letter to Ada is in Deutsch
    And the job's profile came from the primary, because "not_caught_up"

  Scenario: A job would rather wait for a replica
    Given the replicas go on
    When Ada changes the language to Deutsch
    And Ada orders a letter
    Then a letter to Ada is in Deutsch
    And the job's profile came from a replica, because "caught_up"
