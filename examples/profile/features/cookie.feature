Feature: The session travels in a cookie
  Nodes of the service share no memory: what one of them has to know of a user comes with the request.

  Scenario: Another node of the service knows from the cookie alone
    Given two nodes of the service, which share nothing but their secret
    And the replicas stand still
    When Ada changes the language to Deutsch
    And Ada opens the profile page on the other node
    Then the page is in Deutsch
    And it came from the primary, because "not_caught_up"

  Scenario: Without the cookie, the other node knows nothing
    Given two nodes of the service, which share nothing but their secret
    And the replicas stand still
    When Ada changes the language to Deutsch
    And Ada's browser forgets the session
    And Ada opens the profile page on the other node
    Then the page is in English
    And it came from a replica, because "nothing_to_catch_up"

  Scenario: A forged cookie changes nothing
    Given a service on a primary and 1 replica
    And the replicas stand still
    When Ada changes the language to Deutsch
    And Ada's browser gets hold of a forged session
    And Ada opens the profile page
    Then the page is in English
    And it came from a replica, because "nothing_to_catch_up"
    And the first node has refused 1 token

  Scenario: A cookie signed by another service changes nothing
    Given two nodes of the service, which have a secret each
    And the replicas stand still
    When Ada changes the language to Deutsch
    And Ada opens the profile page on the other node
    Then the page is in English
    And it came from a replica, because "nothing_to_catch_up"
    And the other node has refused 1 token
