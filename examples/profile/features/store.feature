Feature: Sessions in a store
  Where tokens must not travel to browsers, their states stay in Redis. Without it, pages are right, if slower.

  Background:
    Given two nodes of the service, which keep sessions in Redis
    And the replicas stand still

  Scenario: Nothing but the user's number travels
    When Ada changes the language to Deutsch
    Then Ada's browser has no session
    When Ada opens the profile page on the other node
    Then the page is in Deutsch
    And it came from the primary, because "not_caught_up"

  Scenario: Another user's state is another user's
    When Ada changes the language to Deutsch
    And Bilal opens the profile page
    Then it came from a replica, because "nothing_to_catch_up"

  Scenario: While the store is down, everyone reads from the primary
    When Redis goes down
    And Ada changes the language to Deutsch
    And Ada opens the profile page
    Then the page is in Deutsch
    And it came from the primary, because "state_unknown"
    When Bilal opens the profile page
    Then it came from the primary, because "state_unknown"

  Scenario: When the store is back, the pages leave the primary
    When Redis goes down
    And Ada opens the profile page
    Then it came from the primary, because "state_unknown"
    When Redis is back
    Then Ada's pages soon come from a replica
