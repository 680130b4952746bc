"""Which files stay on one host, and which are right there."""

from __future__ import annotations

import pytest
from tests.unit.rules.settings import ON_DISK, caches, told, with_file
from tests.unit.rules.sources import text_at

from nuages.cases import Case
from nuages.model import Finding
from nuages.rules import local_file

STORAGES = caches(default=ON_DISK)
S3 = "storages.backends.s3.S3Storage"


def found(case: Case) -> list[Finding]:
    return list(local_file.find(case))


def uploads(folder=None, *, storages=STORAGES, files=None, debug=False, **kwargs) -> list[Finding]:
    given = {"models": (with_file(),), "by_default": ("STORAGES",), **kwargs}
    return found(told(folder, files=files, STORAGES=storages, DEBUG=debug, **given))


def view(*lines: str, imports: str = "") -> dict[str, str]:
    body = "".join(f"    {line}\n" for line in lines)
    return {"shop__views": f"{imports}\ndef export(request):\n{body}"}


class TestFinds:
    def test_uploads_to_the_default_storage(self, tmp_path):
        files = {"config__settings": "MEDIA_ROOT = BASE_DIR / 'media'\n"}
        [finding] = uploads(tmp_path, files=files)
        assert finding.message == (
            "What users upload (Product.photo) stays on the host that took it: FileSystemStorage "
            "is the default storage"
        )
        assert finding.location.file == "config/settings.py"
        assert finding.concern == "hazard"

    def test_a_file_storage_that_is_given(self):
        assert uploads(by_default=())

    def test_files_of_any_kind(self):
        assert uploads(models=(with_file("FileField"),))

    @pytest.mark.parametrize(
        "line",
        [
            'open(settings.EXPORT_ROOT / name, "w")',
            'open(os.path.join(settings.MEDIA_ROOT, "a.csv"), mode="wb")',
            '(settings.MEDIA_ROOT / "a").open("a")',
            '(BASE_DIR / "a").write_text("x")',
            "shutil.copy(name, settings.MEDIA_ROOT)",
        ],
    )
    def test_files_that_a_view_writes(self, tmp_path, line):
        case = told(tmp_path, files=view(f"file = {line}"), DEBUG=False)
        [finding] = found(case)
        assert finding.message.startswith("export writes ")
        assert line.split("(")[0] in text_at(case.code, finding.location)
        assert "default_storage" in finding.hint

    def test_a_path_made_before(self, tmp_path):
        files = view(
            'path = settings.MEDIA_ROOT / "a"', 'with open(path, "w") as f:', "    f.write('')"
        )
        assert found(told(tmp_path, files=files, DEBUG=False))

    def test_in_a_task(self, tmp_path):
        files = {"shop__tasks": '@shared_task\ndef work():\n    open(settings.MEDIA_ROOT, "w")\n'}
        assert found(told(tmp_path, files=files, DEBUG=False))


class TestStaysSilent:
    def test_on_object_storage(self):
        assert not uploads(storages=caches(default=S3), by_default=())

    def test_on_an_app_that_keeps_files_elsewhere(self):
        assert not uploads(apps=("storages",))

    def test_on_models_without_files_and_of_libraries(self):
        assert not uploads(models=(with_file("CharField"),))
        assert not uploads(models=(with_file(file=""),))

    def test_on_a_field_with_a_storage_of_its_own(self, tmp_path):
        text = "class Product(Model):\n    photo = models.ImageField(\n        storage=s3,\n    )\n"
        assert not uploads(tmp_path, files={"shop__models": text})

    @pytest.mark.parametrize(
        "text",
        [
            'MEDIA_ROOT = env("MEDIA_ROOT")\n',
            f'if S3:\n    STORAGES = {{"default": {{"BACKEND": "{S3}"}}}}\n',
            'DEFAULT_FILE_STORAGE = "storages.backends.gcloud.GoogleCloudStorage"\n',
        ],
    )
    def test_where_the_settings_leave_it_open(self, tmp_path, text):
        assert not uploads(tmp_path, files={"config__settings": text})

    def test_on_settings_for_development(self):
        assert not uploads(module="config.settings.local")
        assert not uploads(debug=True)

    @pytest.mark.parametrize(
        "lines",
        [
            ('open(settings.MEDIA_ROOT / "a")',),
            ('open(settings.MEDIA_ROOT / "a", "rb")',),
            ('open(name, "w")',),
            ('open("/tmp/a", "w")',),
            ('open(os.path.join(tempfile.mkdtemp(), "a"), "w")',),
            ('open(settings.TEMP_DIR / "a", "w")',),
            ('open(settings.MEDIA_ROOT / "a", "w")', "os.remove(name)"),
            ('open(settings.MEDIA_ROOT / "a", "w")', "s3.upload_file(name)"),
            ('default_storage.save("a", file)',),
        ],
        ids=["read", "read as bytes", "a path that is not known", "/tmp", "a temporary folder",
             "a folder for that", "removed", "sent elsewhere", "by the storage"],
    )  # fmt: skip
    def test_on_files_that_do_not_stay_here(self, tmp_path, lines):
        assert not found(told(tmp_path, files=view(*lines), DEBUG=False))

    @pytest.mark.parametrize(
        "name",
        ["shop__management__commands__dump", "shop__tests__test_a", "scripts__dump", "tools"],
    )
    def test_on_what_no_request_runs(self, tmp_path, name):
        text = 'def dump():\n    open(settings.MEDIA_ROOT / "a", "w")\n'
        assert not found(told(tmp_path, files={name: text}, DEBUG=False))


class TestRefuses:
    def test_without_settings(self):
        assert not found(Case())
