from .models import SiteFlag


def flag_enabled(name, default=False):
    flag = SiteFlag.objects.filter(name=name).first()
    return default if flag is None else flag.enabled
