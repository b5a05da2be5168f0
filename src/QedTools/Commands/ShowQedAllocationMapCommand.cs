using System.IO;
using System.Management.Automation;
using System.Runtime.ExceptionServices;
using QedTools.Completion;
using QedTools.Operations;
using QedTools.Pictures;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Show-QedAllocationMap: the allocation map of an image, as a picture.</summary>
[Cmdlet(VerbsCommon.Show, "QedAllocationMap", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
[OutputType(typeof(string), typeof(FileInfo))]
public sealed class ShowQedAllocationMapCommand : QedMapCommand
{
    private const int DefaultRows = 16;
    private const int DefaultSvgRows = 24;

    private readonly ResultFiles _pictures = new(SessionPaths.Comparer);
    private bool _drewText;

    /// <summary>The width of the picture: in columns, or in pixels for a file. By default the width of the screen, or 1200 pixels.</summary>
    [Parameter]
    [ValidateRange(20, 4000)]
    [ArgumentCompleter(typeof(PictureSizeCompleter))]
    public int? Width { get; set; }

    /// <summary>The largest number of rows of cells: by default 16, or 24 for a file.</summary>
    [Parameter]
    [ValidateRange(1, 500)]
    [ArgumentCompleter(typeof(PictureSizeCompleter))]
    public int? Height { get; set; }

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
        TerminalStyle style = new(
            Width ?? SessionScreen.Width(this),
            Height ?? DefaultRows,
            Ascii || !SessionScreen.Shows(TerminalGlyphs.NonAscii),
            Color == QedColorMode.Always);
        string[] plain;
        string[]? colored = null;
        QedException? damage;
        using (MappedDisk disk = Open(path))
        {
            MapSubject subject = new(disk, IsChain);
            TerminalLayout layout = TerminalLayout.Fit(subject, style);
            MapPicture picture = new(subject, layout.Grid);
            damage = Fill(picture, disk, path);
            plain = [.. new TerminalPicture(picture, layout, style).Lines()];
            if (Color == QedColorMode.Auto && SessionScreen.ShowsColor(this))
            {
                colored = [.. new TerminalPicture(picture, layout, style with { Color = true }).Lines()];
            }
        }

        if (_drewText)
        {
            WriteObject(string.Empty);
        }

        WriteObject(colored is null ? plain : ColoredLine.Pair(plain, colored), enumerateCollection: true);
        _drewText = true;
        Report(damage);
    }

    private void DrawFile(string path, string file)
    {
        int width = PictureFiles.RequireValidChoices(_pictures, file, Width);
        QedException? damage;
        using (MappedDisk disk = Open(path))
        {
            if (disk.Includes(file))
            {
                throw new QedRequestException(file, "OutFile", file, "a file other than those that are read", Messages.PictureOverwritesSource(file));
            }

            using DocumentFile document = DocumentFile.Reserve(file, Force, Trace);
            _pictures.AddPlanned(file);
            if (!ShouldDo(Messages.DrawAction(path, file)))
            {
                return;
            }

            MapSubject subject = new(disk, IsChain);
            SvgLayout layout = SvgLayout.Fit(subject, width, Height ?? DefaultSvgRows);
            MapPicture picture = new(subject, layout.Grid);
            damage = Fill(picture, disk, path);
            document.Write(new SvgPicture(picture, layout).ToBytes(), Cancellation);
            _pictures.Add(file);
        }

        WriteObject(SessionPaths.ItemOf(this, file), enumerateCollection: true);
        Report(damage);
    }

    private MappedDisk Open(string path) => MappedDisk.Open(path, ToMapping());

    // The known part is shown before the error, as Get-QedAllocationMap does.
    private static void Report(QedException? damage)
    {
        if (damage is not null)
        {
            ExceptionDispatchInfo.Capture(damage).Throw();
        }
    }

    // Returns the error that ended the walk, if any; the picture holds everything before it.
    private QedException? Fill(MapPicture picture, MappedDisk disk, string path) => WithProgress(Messages.Mapping, path, progress =>
    {
        try
        {
            picture.Add(disk.Walk(onDamage: null, Cancellation), progress);
            WriteVerbose(Messages.CellsDrawn(path, MapText.Count(picture.Grid.Count), picture.Grid.CellSize));
            return (QedException?)null;
        }
        catch (QedException e)
        {
            return e;
        }
    });
}
