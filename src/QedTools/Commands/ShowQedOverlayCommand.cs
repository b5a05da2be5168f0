using System.IO;
using System.Management.Automation;
using QedTools.Completion;
using QedTools.Operations;
using QedTools.Pictures;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Show-QedOverlay: which images lie over which, as a picture.</summary>
[Cmdlet(VerbsCommon.Show, "QedOverlay", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
[OutputType(typeof(string), typeof(FileInfo))]
public sealed class ShowQedOverlayCommand : QedOverlayCommand
{
    private readonly ResultFiles _pictures = new(SessionPaths.Comparer);
    private bool _drewText;

    /// <summary>The width of the picture: in columns, or in pixels for a file. By default the width of the screen, or 1200 pixels.</summary>
    [Parameter]
    [ValidateRange(20, 4000)]
    [ArgumentCompleter(typeof(PictureSizeCompleter))]
    public int? Width { get; set; }

    /// <summary>Use ASCII characters only.</summary>
    [Parameter]
    public SwitchParameter Ascii { get; set; }

    /// <summary>Whether to use colours.</summary>
    [Parameter]
    public QedColorMode Color { get; set; }

    /// <summary>Draw the picture to this file, as SVG.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PictureFileCompleter))]
    public string? OutFile { get; set; }

    /// <summary>Replace an existing file.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override void ProcessFile(string path)
    {
        if (OutFile is null)
        {
            DrawText(path);
        }
        else
        {
            DrawFile(path, SessionPaths.ToHost(this, OutFile));
        }
    }

    private void DrawText(string path)
    {
        ForestSubject subject = SubjectOf(path, ListingFor(path));
        TerminalStyle style = new(
            Width ?? SessionScreen.Width(this),
            Rows: 0,
            Ascii || !SessionScreen.Shows(ForestText.NonAscii),
            Color == QedColorMode.Always);
        string[] plain = [.. new TerminalForest(subject, style).Lines()];
        string[]? colored = Color == QedColorMode.Auto && SessionScreen.ShowsColor(this)
            ? [.. new TerminalForest(subject, style with { Color = true }).Lines()]
            : null;
        if (_drewText)
        {
            WriteObject(string.Empty);
        }

        WriteObject(colored is null ? plain : ColoredLine.Pair(plain, colored), enumerateCollection: true);
        _drewText = true;
    }

    private void DrawFile(string path, string file)
    {
        int width = PictureFiles.RequireValidChoices(_pictures, file, Width);
        OverlayListing listing = ListingFor(path);
        if (listing.Includes(file))
        {
            throw new QedRequestException(file, "OutFile", file, "a file that is not one of the images", Messages.PictureOverwritesImage(file));
        }

        using DocumentFile document = DocumentFile.Reserve(file, Force, Trace);
        _pictures.AddPlanned(file);
        if (!ShouldDo(Messages.DrawForestAction(path, file)))
        {
            return;
        }

        document.Write(new SvgForest(SubjectOf(path, listing), width).ToBytes(), Cancellation);
        _pictures.Add(file);
        WriteObject(SessionPaths.ItemOf(this, file), enumerateCollection: true);
    }

    private static ForestSubject SubjectOf(string path, OverlayListing listing)
    {
        QedOverlayInfo[] images = [.. listing.For(path)];
        return Directory.Exists(path)
            ? new ForestSubject(path, path, images, image: null)
            : new ForestSubject(path, System.IO.Path.GetDirectoryName(path) ?? path, images, new ForestSubject.Start(path, listing.TryDescribe(path)));
    }
}
