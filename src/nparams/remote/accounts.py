"""Who asks an object store: keys, regions and endpoints from the usual places, anonymous where there are none.

The variables are obstore's own (and boto's, gcloud's, Azure's tools').  Of the files that those tools keep, the plain
keys are read; nothing that a file names is run (credential_process) and no login is begun (SSO).
docs.aws.amazon.com/sdkref/latest/guide/file-format.html and .../feature-ss-endpoints.html.
"""

from __future__ import annotations

import os

from nparams.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MOST_FILE = 1_000_000
REGION = "us-east-1"
YES = ("1", "true", "yes", "on")
#: variables by any of which a store is told who asks: then obstore finds out the rest
SAID = {
    "s3": ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
           "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    "gs": ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH",
           "GOOGLE_SERVICE_ACCOUNT_KEY", "SERVICE_ACCOUNT", "GOOGLE_BEARER_TOKEN"),
    "az": ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_MASTER_KEY", "AZURE_STORAGE_SAS_KEY",
           "AZURE_STORAGE_SAS_TOKEN", "AZURE_CLIENT_SECRET", "AZURE_STORAGE_CLIENT_SECRET", "AZURE_STORAGE_TOKEN",
           "AZURE_FEDERATED_TOKEN_FILE", "AZURE_STORAGE_USE_EMULATOR", "AZURE_IDENTITY_ENDPOINT", "IDENTITY_ENDPOINT",
           "AZURE_MSI_ENDPOINT"),
}  # fmt: skip
ANONYMOUS = {"s3": "AWS_SKIP_SIGNATURE", "gs": "GOOGLE_SKIP_SIGNATURE", "az": "AZURE_SKIP_SIGNATURE"}
#: what such a machine says of itself, where it has a role of its own: a file of Linux, the beginning of its text
MACHINES = {
    "s3": ("/sys/devices/virtual/dmi/id/sys_vendor", "Amazon EC2"),
    "gs": ("/sys/devices/virtual/dmi/id/product_name", "Google"),
}
ADVICE = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE (of a login by SSO: eval \"$(aws configure "
          "export-credentials --format env)\")",
    "gs": "log in with gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS",
    "az": "set AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN",
}  # fmt: skip


def store_of(scheme: str, name: str, region: str | None = None) -> Any:
    """obstore's store for a bucket or container; UsageError where obstore is not installed, or no account is said."""
    try:
        from obstore.store import AzureStore, GCSStore, S3Store
    except ImportError:
        raise UsageError(f"{scheme}:// needs obstore: pip install 'nparams[remote]', or obstore beside it") from None
    container, config = _config(scheme, name)
    if region is not None:
        config["region"] = region
    kind = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}["az" if scheme.startswith("abfs") else scheme]
    from obstore.exceptions import BaseError

    try:
        return kind(container, config=config, client_options=_client(config), retry_config=_retries())
    except (BaseError, ValueError) as problem:
        raise UsageError(
            f"{scheme}://{container}: the settings of the store make no sense ({type(problem).__name__})"
        ) from None


def _config(scheme: str, name: str) -> tuple[str, dict[str, Any]]:
    """(bucket, settings beyond the variables that obstore reads itself)."""
    if scheme == "s3":
        return name, _amazon()
    if scheme == "gs":
        adc = os.path.expanduser("~/.config/gcloud/application_default_credentials.json")
        return name, {} if os.path.isfile(adc) else _anonymous("gs")
    return _azure(name)


def _anonymous(kind: str) -> dict[str, Any]:
    """The setting to ask without a login: where nothing says who asks, and the machine has no role of its own."""
    told = os.environ.get(ANONYMOUS[kind])
    if told is not None:
        return {"skip_signature": told.lower() in YES}
    if any(os.environ.get(name) for name in SAID[kind]) or _has_role(kind):
        return {}
    return {"skip_signature": True}


def _has_role(kind: str) -> bool:
    path, begins = MACHINES.get(kind, ("", ""))
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(200).startswith(begins)
    except OSError:
        return False


def _amazon() -> dict[str, Any]:
    profile = _profile()
    config: dict[str, Any] = {}
    if not os.environ.get("AWS_ACCESS_KEY_ID") and profile.get("aws_secret_access_key"):
        config["access_key_id"] = profile.get("aws_access_key_id", "")
        config["secret_access_key"] = profile["aws_secret_access_key"]
        if profile.get("aws_session_token"):
            config["session_token"] = profile["aws_session_token"]
    else:
        config |= _anonymous("s3")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or profile.get("region")
    config["region"] = region or REGION
    endpoint = next((v for v in map(os.environ.get, ENDPOINTS) if v), None) or profile.get("endpoint_url")
    if endpoint:
        config["endpoint"] = endpoint
    return config


ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")


def _profile() -> dict[str, str]:
    """What the files of Amazon's tools say of the profile in use: keys, region, endpoint."""
    named = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or "default"
    config = os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config"
    credentials = os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials"
    section = named if named == "default" else f"profile {named}"
    return {**_section(config, section), **_section(credentials, named)}


def _section(path: str, name: str) -> dict[str, str]:
    whole = os.path.expanduser(path)
    if not os.path.isfile(whole):
        return {}
    import configparser

    held = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        with open(whole, encoding="utf-8") as file:
            held.read_string(file.read(MOST_FILE))
    except (OSError, ValueError, configparser.Error):
        return {}
    return {key: value for key, value in held.items(name) if value} if held.has_section(name) else {}


def _azure(name: str) -> tuple[str, dict[str, Any]]:
    """abfss://container@account.dfs.core.windows.net/..., or az://container/... with the account from a variable."""
    container, _, host = name.partition("@")
    config = {**_connection(), **_anonymous("az")}
    if config.get("account_key") or config.get("sas_key"):
        config.pop("skip_signature", None)
    account = host.partition(".")[0] or config.get("account_name") or os.environ.get("AZURE_STORAGE_ACCOUNT_NAME")
    account = account or os.environ.get("AZURE_STORAGE_ACCOUNT")
    if not account and not os.environ.get("AZURE_STORAGE_USE_EMULATOR"):
        raise UsageError(
            f"az://{container}: whose account? Set AZURE_STORAGE_ACCOUNT_NAME (or give abfss://{container}@ACCOUNT.dfs.core.windows.net/...)"
        )
    if account:
        config["account_name"] = account
    return container, config


#: fields of a connection string -> obstore's settings (learn.microsoft.com, "Configure Azure Storage connection
#: strings")
CONNECTION = {"AccountName": "account_name", "AccountKey": "account_key", "SharedAccessSignature": "sas_key",
              "BlobEndpoint": "endpoint"}  # fmt: skip


def _connection() -> dict[str, Any]:
    text = os.environ.get("AZURE_STORAGE_CONNECTION_STRING", "")
    fields = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    return {CONNECTION[name]: value for name, value in fields.items() if name in CONNECTION}


def _client(config: Mapping[str, Any]) -> dict[str, Any]:
    from nparams.remote.http import agent

    named = (config.get("endpoint"), *map(os.environ.get, ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT")))
    endpoint = str(next(filter(None, named), ""))
    plain = endpoint.startswith("http://") or bool(os.environ.get("AZURE_STORAGE_USE_EMULATOR"))
    allowed = {"allow_http": True} if plain or _is_plain_google() else {}
    return {"connect_timeout": "5s", "timeout": "30s", "user_agent": agent(), **allowed}


def _is_plain_google() -> bool:
    return os.environ.get("GOOGLE_BASE_URL", "").startswith("http://")


def _retries() -> dict[str, Any]:
    """How often obstore asks again, after 0.1 s and about twice as long each time: who has patience, more often.

    apache/arrow-rs-object-store src/client/retry.rs: 5xx, 429, 408 and transfers; Retry-After is not looked at, and no
    more than five minutes make sense, since a signature expires.
    """
    from datetime import timedelta

    from nparams.remote.http import client
    from nparams.remote.manners import PATIENCE

    patience = client().pauses.patience
    if patience <= PATIENCE:
        return {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
    return {"max_retries": 10, "retry_timeout": timedelta(seconds=min(patience, 180))}


def advice(scheme: str) -> str:
    """What to do where a store refuses."""
    return ADVICE["az" if scheme.startswith("abfs") else scheme]


def region_of(bucket: str) -> str | None:
    """The region that a bucket of Amazon's lies in, which every answer about it names, a refusal too.

    docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html: x-amz-bucket-region.
    """
    from nparams.errors import FetchError
    from nparams.remote.http import client

    try:
        answer = client().get(f"https://s3.amazonaws.com/{bucket}?list-type=2&max-keys=0", {}, 0, bucket)
    except FetchError:
        return None
    return answer.headers.get("x-amz-bucket-region")
