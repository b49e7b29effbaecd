//! Names that a URL has to encode.

use super::*;

#[derive(diesel::QueryableByName)]
struct Place {
    #[diesel(sql_type = diesel::sql_types::Text)]
    place: String,
}

#[test]
fn a_name_that_has_to_be_encoded_is_its_databases_or_refused() {
    run(async {
        let cluster = Cluster::start(0);
        let router = wait!(builder().primary(cluster.primary()).build()).unwrap();
        for name in ["tenant c", "tenänt", "100%", "a/b"] {
            cluster.create_database(&format!("`{name}`"));
            match router.for_database(name) {
                Ok(tenant) => {
                    assert!(decodes());
                    let mut conn = wait!(tenant.write()).unwrap();
                    let place: Place = wait!(
                        diesel::sql_query("SELECT DATABASE() AS place").get_result(&mut conn)
                    )
                    .unwrap();
                    assert_eq!(place.place, name);
                }
                Err(Error::Config(ConfigError::DatabaseName { database, .. })) => {
                    assert!(!decodes());
                    assert_eq!(database, name);
                }
                Err(error) => panic!("{name}: {error:?}"),
            }
        }
        for step in [".", ".."] {
            let error = router.for_database(step).unwrap_err();
            assert!(matches!(
                error,
                Error::Config(ConfigError::DatabaseName { .. })
            ));
        }
    });
}
