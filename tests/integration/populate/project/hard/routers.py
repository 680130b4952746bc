class EventsRouter:
    """Click lives in a database of its own."""

    def db_for_read(self, model, **hints):
        return "events" if model._meta.model_name == "click" else None

    db_for_write = db_for_read

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return (db == "events") == (model_name == "click")
