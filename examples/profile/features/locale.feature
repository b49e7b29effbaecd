Feature: A change of the language
  Whoever changes a setting sees the change on the next page, however far behind the replicas are.

  Background:
    Given a service on a primary and 2 replicas

  Scenario: It is visible at once while the replicas are 2 seconds behind
    Given the replicas are 2 seconds behind
    When Ada changes the language to Deutsch
    Then every page of Ada is in Deutsch, until one comes from a replica

  Scenario: Until a replica has it, the page comes from the primary
    Given the replicas stand still
    When Ada changes the language to Deutsch
    And Ada opens the profile page
    Then the page is in Deutsch
    And it came from the primary, because "not_caught_up"

  Scenario: Once a replica has it, the pages leave the primary
    Given the replicas stand still
    When Ada changes the language to Deutsch
    And the replicas go on
    Then every page of Ada is in Deutsch, until one comes from a replica

  Scenario: One replica that goes on is enough
    Given the replicas stand still
    When Ada changes the language to Deutsch
    And the first replica goes on
    Then every page of Ada is in Deutsch, until one comes from "db-2"

  Scenario: Other users stay on the replicas
    Given the replicas stand still
    When Ada changes the language to Deutsch
    And Bilal opens the profile page
    Then the page is in English
    And it came from a replica, because "nothing_to_catch_up"

  Scenario: The second change is as visible as the first
    Given the replicas stand still
    When Ada changes the language to Deutsch
    And Ada changes the language to Français
    And Ada opens the profile page
    Then the page is in Français

  Scenario: With routing off, the page is stale
    Given the replicas stand still
    And Ada has turned routing off
    When Ada changes the language to Deutsch
    And Ada opens the profile page
    Then the page is in English
    And it says that it is stale
    And it came from a replica, because "eventual"
