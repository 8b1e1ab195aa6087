"""What people hand in about records: so far, files."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from imports.mapping.catalogue import source_titles
from team.models import currency_code


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One file or many."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(upload, initial) for upload in given or [None]]


class ImportForm(forms.Form):
    upload = FilesField(
        label="Files",
        help_text="CSV, TSV or workbooks as your CRM exports them, or a zip of them. Order does not matter.",
        widget=SeveralFiles(attrs={"accept": ".csv,.tsv,.tab,.txt,.gz,.zip,.xlsx,.xlsm,.xlsb,.xls,.ods,.xml"}),
        error_messages={"required": "Choose at least one file.", "empty": "One of the files is empty."},
    )
    source = forms.ChoiceField(
        label="From", choices=lambda: [("auto", "Recognised by its columns"), *source_titles()], initial="auto"
    )
    currency = forms.CharField(
        label="Currency", required=False, max_length=3, widget=forms.TextInput(attrs={"size": 4, "placeholder": "EUR"}),
        help_text="Where a file names none.",
    )  # fmt: skip

    def clean_upload(self) -> list[UploadedFile]:
        files: list[UploadedFile] = self.cleaned_data["upload"]
        if sum(file.size or 0 for file in files) > settings.UPLOAD_MAX_BYTES:
            limit = settings.UPLOAD_MAX_BYTES // 1024**2
            raise forms.ValidationError(f"Together they are larger than {limit} MB. Upload them in parts, or zipped.")
        return files

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).upper()
        if currency:
            currency_code(currency)
        return currency
